import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { sendWebhooks } from '../../src/notifications/webhooks.ts'
import { giveUpSilentWorkers } from '../../src/scheduler/timeouts.ts'
import { addJob, addWorker, openTestFarm, report, type TestFarm, take } from '../test-farm.ts'

interface Receiver {
  url: string
  /** Answers from now on. */
  status: number
  got: { headers: IncomingHttpHeaders; body: string; told: { title: string; kind: string } }[]
}

async function openReceiver(t: TestContext): Promise<Receiver> {
  const receiver: Receiver = { url: '', status: 204, got: [] }
  const server = createServer(async (request, response) => {
    const body = await text(request)
    receiver.got.push({ headers: request.headers, body, told: JSON.parse(body) })
    response.writeHead(receiver.status).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return receiver
}

function configure(farm: TestFarm, webhooks: Record<string, unknown>): void {
  farm.config.replace({ ...farm.config.stored(), webhooks })
}

async function finishJob(farm: TestFarm, name: string, how: 'completed' | 'failed'): Promise<void> {
  await addJob(farm, [{ name: 'only' }], { name })
  const worker = farm.workers.all()[0] ?? addWorker(farm)
  report(farm, worker, take(farm, worker)!, how)
}

test('a webhook is told of the kinds it asked for, and can tell by the signature who sent it', async (t) => {
  const farm = openTestFarm(t)
  const receiver = await openReceiver(t)
  configure(farm, { chat: { url: receiver.url, secret: 'shared', kinds: ['job-failed'] } })
  const webhooks = sendWebhooks(farm)
  t.after(webhooks.close)
  await finishJob(farm, 'good', 'completed')
  await finishJob(farm, 'bad', 'failed')
  await webhooks.send()
  const [delivery] = receiver.got
  assert.deepEqual(
    receiver.got.map(({ told }) => told.title),
    ['bad failed'],
  )
  const [, t0, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(delivery!.headers['x-farm-signature']))!
  const expected = createHmac('sha256', 'shared').update(`${t0}.${delivery!.body}`).digest('hex')
  assert.equal(v1, expected)
  assert.equal(Number(t0), farm.clock.now / 1_000)
})

test('what was refused is told again, later and in order, also after a restart', async (t) => {
  const farm = openTestFarm(t)
  const receiver = await openReceiver(t)
  configure(farm, { chat: { url: receiver.url } })
  const before = sendWebhooks(farm)
  receiver.status = 500
  await finishJob(farm, 'first', 'completed')
  await finishJob(farm, 'second', 'completed')
  await before.send()
  assert.equal(receiver.got.length, 1, 'the second one waits behind the first')
  assert.equal(farm.notifications.hook('chat')!.problem, 'answered 500')
  await before.close()
  receiver.status = 200
  const after = sendWebhooks(farm)
  t.after(after.close)
  await after.send()
  assert.equal(receiver.got.length, 1, 'not before its time')
  farm.clock.now += 5_000
  await after.send()
  assert.deepEqual(
    receiver.got.map(({ told }) => told.title),
    ['first is completed', 'first is completed', 'second is completed'],
  )
  assert.equal(farm.notifications.hook('chat')!.problem, null)
})

test('a notification refused for a day is passed over for the later ones', async (t) => {
  const farm = openTestFarm(t)
  const receiver = await openReceiver(t)
  configure(farm, { chat: { url: receiver.url } })
  const webhooks = sendWebhooks(farm)
  t.after(webhooks.close)
  receiver.status = 400
  await finishJob(farm, 'unwanted', 'completed')
  await webhooks.send()
  farm.clock.now += 24 * 3_600_000
  await webhooks.send()
  receiver.status = 200
  await finishJob(farm, 'wanted', 'completed')
  await webhooks.send()
  assert.equal(receiver.got.at(-1)!.told.title, 'wanted is completed')
})

test('a new webhook is not told the past, and a lost worker is news once', async (t) => {
  const farm = openTestFarm(t)
  await finishJob(farm, 'old', 'completed')
  const receiver = await openReceiver(t)
  const webhooks = sendWebhooks(farm)
  t.after(webhooks.close)
  configure(farm, { chat: { url: receiver.url } })
  farm.clock.now += 3_600_000
  giveUpSilentWorkers(farm, [])
  giveUpSilentWorkers(farm, [])
  await webhooks.send()
  assert.deepEqual(
    receiver.got.map(({ told }) => told.kind),
    ['worker-gone'],
  )
})

test('the secret of a webhook is kept but not shown, and an address that is none is refused', (t) => {
  const farm = openTestFarm(t)
  assert.throws(() => configure(farm, { chat: { url: 'chat.example' } }), /http:\/\/ or https:\/\//)
  configure(farm, { chat: { url: 'https://chat.example/', secret: 'shared' } })
  configure(farm, { chat: { url: 'https://chat.example/', secret: '********' } })
  assert.equal(farm.config.current.raw.webhooks.chat!.secret, 'shared')
})
