import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import {
  openManager,
  signOnWorker,
  submitEcho,
  type TestManager,
  workOff,
} from '../running-manager.ts'

interface Seen {
  id: number
  event: string
  data: Record<string, unknown>
}

/** Reads events until `enough` says so. */
async function listen(
  t: TestContext,
  manager: TestManager,
  topics: string[],
  options: { lastId?: number } = {},
) {
  const controller = new AbortController()
  t.after(() => controller.abort())
  const response = await fetch(manager.client.eventsUrl(topics), {
    headers: options.lastId ? { 'last-event-id': String(options.lastId) } : {},
    signal: controller.signal,
  })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const seen: Seen[] = []
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (enough: (seen: Seen[]) => boolean): Promise<Seen[]> => {
    while (!enough(seen)) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
      const parts = text.split('\n\n')
      text = parts.pop()!
      seen.push(...parts.flatMap(parse))
    }
    return seen
  }
  return { until, seen, stop: () => controller.abort() }
}

function parse(block: string): Seen[] {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
  const event = fields.get('event')
  if (!event) return []
  return [{ id: Number(fields.get('id')), event, data: JSON.parse(fields.get('data')!) }]
}

const isCompleted = ({ event, data }: Seen) => event === 'job' && data.status === 'completed'

test('a client hears of jobs, tasks, workers and logs as they change', async (t) => {
  const manager = await openManager(t)
  const job = await submitEcho(manager)
  const { tasks } = await manager.client.fetchJobTasks({ params: { job_id: job.id } })
  const stream = await listen(t, manager, [
    'jobs',
    `job:${job.id}`,
    `tasklog:${tasks![0]!.id}`,
    'workers',
  ])
  const worker = await signOnWorker(manager)
  await workOff(worker)
  const seen = await stream.until((events) => events.some(isCompleted))
  const kinds = new Set(seen.map(({ event }) => event))
  for (const kind of ['job', 'task', 'tasklog', 'worker']) assert.ok(kinds.has(kind), kind)
  const log = seen.filter(({ event }) => event === 'tasklog').map(({ data }) => data.log)
  assert.match(log.join(''), /assigned to worker[\s\S]*ran echo/)
  const ids = seen.map(({ id }) => id)
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
})

test('a client that comes back gets what it missed', async (t) => {
  const manager = await openManager(t)
  const first = await listen(t, manager, ['jobs'])
  await submitEcho(manager, { name: 'before' })
  const [last] = await first.until((seen) => seen.some(({ event }) => event === 'job'))
  first.stop()
  await submitEcho(manager, { name: 'meanwhile' })
  const second = await listen(t, manager, ['jobs'], { lastId: last!.id })
  const seen = await second.until((events) => events.some(({ data }) => data.name === 'meanwhile'))
  assert.ok(!seen.some(({ event }) => event === 'reset'))
})

test('a client that comes back after a restart is told to fetch everything again', async (t) => {
  const manager = await openManager(t)
  const first = await listen(t, manager, ['jobs'])
  await submitEcho(manager)
  const [last] = await first.until((seen) => seen.length > 0)
  await manager.restart()
  const second = await listen(t, manager, ['jobs'], { lastId: last!.id })
  const seen = await second.until((events) => events.length > 0)
  assert.equal(seen[0]!.event, 'reset')
})

test('the stream says when the manager stops', async (t) => {
  const manager = await openManager(t)
  const stream = await listen(t, manager, ['jobs'])
  await submitEcho(manager)
  await stream.until((seen) => seen.length > 0)
  await manager.stop()
  const seen = await stream.until(() => false)
  assert.equal(seen.at(-1)!.data.type, 'manager-shutdown')
})

test('the newest frame comes with who rendered it', async (t) => {
  const manager = await openManager(t)
  const job = await submitEcho(manager)
  const worker = await signOnWorker(manager, { name: 'node-07' })
  const { uuid } = (await worker.client.scheduleTask()) as { uuid: string }
  const stream = await listen(t, manager, ['last-rendered'])
  const body = await sharp({ create: { width: 32, height: 18, channels: 3, background: '#c40' } })
    .png()
    .toBuffer()
  await worker.client.request('farmTaskOutput', {
    params: { task_id: uuid },
    query: { frame: 12 },
    body,
    contentType: 'image/png',
  })
  const isPicture = ({ event }: Seen) => event === 'last-rendered'
  const seen = (await stream.until((events) => events.some(isPicture))).find(isPicture)
  const { job_id, frame, worker: who } = seen!.data
  assert.deepEqual([job_id, frame, who], [job.id, 12, { id: worker.uuid, name: 'node-07' }])
})

test('a manager that stops does not wait for the connection of a stream', {
  timeout: 30_000,
}, async (t) => {
  const manager = await openManager(t)
  const { until } = await listen(t, manager, ['jobs'])
  const ended = until(() => false)
  await manager.stop()
  await ended
})
