import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { backoff, createLive, type LiveOptions } from '../../src/farm/live.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function serve(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
}

function listen(t: TestContext, options: Partial<LiveOptions> & { url: string }) {
  const events: [string, unknown][] = []
  const states: string[] = []
  let wake = (): void => {}
  const live = createLive({
    sleep: async () => {},
    ...options,
    onEvent: (kind, data) => {
      events.push([kind, data])
      wake()
    },
    onState: (state) => states.push(state),
  })
  t.after(live.close)
  const until = async (count: number): Promise<void> => {
    while (events.length < count) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { live, events, states, until }
}

test('events arrive with their kind and parsed data', async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('id: 1\nevent: job\ndata: {"id":"a"}\n\n')
  })
  const { live, events, until } = listen(t, { url })
  live.setTopics(['jobs'])
  await until(1)
  assert.deepEqual(events, [['job', { id: 'a' }]])
})

test('after a broken connection the stream resumes from the last event', async (t) => {
  const asked: (string | undefined)[] = []
  const url = await serve(t, (request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(`id: ${asked.length}\nevent: job\ndata: {}\n\n`)
    if (asked.length === 1) setTimeout(() => response.socket?.end(), 20)
  })
  const { live, until } = listen(t, { url })
  live.setTopics(['jobs'])
  await until(2)
  assert.deepEqual(asked, [undefined, '1'])
})

test('a change of topics resumes too, with the new topics', async (t) => {
  const asked: string[] = []
  const url = await serve(t, (request, response) => {
    asked.push(
      `${new URL(request.url!, 'http://x').searchParams.get('topics')} ${request.headers['last-event-id']}`,
    )
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(`id: ${40 + asked.length}\nevent: job\ndata: {}\n\n`)
  })
  const { live, until } = listen(t, { url })
  live.setTopics(['jobs'])
  await until(1)
  live.setTopics(['workers', 'jobs'])
  await until(2)
  assert.deepEqual(asked, ['jobs undefined', 'jobs,workers 41'])
})

test('a stream that rests holds no connection, and resumes from the last event when it wakes', async (t) => {
  const asked: (string | undefined)[] = []
  const ended = Promise.withResolvers<void>()
  const url = await serve(t, (request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(`id: ${asked.length}\nevent: job\ndata: {}\n\n`)
    response.once('close', ended.resolve)
  })
  const { live, states, until } = listen(t, { url })
  live.rest()
  live.setTopics(['jobs'])
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(asked, [])
  live.wake()
  await until(1)
  live.rest()
  await ended.promise
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(asked, [undefined])
  assert.deepEqual(states, ['live', 'connecting'])
  live.wake()
  await until(2)
  assert.deepEqual(asked, [undefined, '1'])
  assert.equal(states.at(-1), 'live')
})

test('a refusing server is told as lost, then as live again', async (t) => {
  let count = 0
  const url = await serve(t, (_, response) => {
    count += 1
    if (count < 3) {
      response.writeHead(503).end()
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('event: job\ndata: {}\n\n')
  })
  const { live, states, until } = listen(t, { url })
  live.setTopics(['jobs'])
  await until(1)
  assert.deepEqual(states, ['connecting', 'lost', 'live'])
})

test('a connection without a byte for too long is taken for dead', async (t) => {
  let count = 0
  const url = await serve(t, (_, response) => {
    count += 1
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
    if (count === 2) response.write('event: job\ndata: {}\n\n')
  })
  const { live, until } = listen(t, { url, idleMs: 50 })
  live.setTopics(['jobs'])
  await until(1)
  assert.equal(count, 2)
})

test('waits grow to five seconds and never beyond', () => {
  assert.equal(backoff(1, 1), 250)
  assert.equal(backoff(3, 1), 1000)
  assert.equal(backoff(50, 1), 5000)
  assert.equal(backoff(1, 0), 125)
})
