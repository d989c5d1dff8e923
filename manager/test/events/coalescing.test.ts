import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { FarmEvent } from '@shaman-farm/manager-api'
import { createEventBus } from '../../src/events/bus.ts'
import { streamEvents } from '../../src/events/sse.ts'

test('changes of one thing that come together are told as one, from the first state to the last; no line of a log is left out', async (t) => {
  const bus = createEventBus({ firstSeq: 0 })
  const ready = Promise.withResolvers<() => void>()
  const server = createServer((_, response) => {
    const topics = new Set(['jobs', 'tasklog:T'])
    ready.resolve(streamEvents(bus, response, { topics, lastSeen: undefined }))
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}`)
  const stop = await ready.promise

  const change = (id: string, status: string, previous_status: string): void =>
    bus.publish({ kind: 'job', data: { id, status, previous_status } } as FarmEvent)
  change('A', 'active', 'queued')
  for (let i = 0; i < 100; i += 1) {
    bus.publish({ kind: 'tasklog', data: { task_id: 'T', log: `line ${i}\n` } })
    change('A', 'active', 'active')
  }
  change('B', 'paused', 'active')
  change('A', 'completed', 'active')
  const told = readUntil(answer, (text) => text.includes('completed'))
  const events = (await told).split('\n\n').flatMap((block) => {
    const [, id, kind, data] = /^id: (\d+)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? []
    return id ? [{ id: Number(id), kind, data: JSON.parse(data!) }] : []
  })
  stop()
  const jobs = events.filter(({ kind }) => kind === 'job')
  assert.deepEqual(
    jobs.map(({ id, data }) => [id, data.id, data.previous_status, data.status]),
    [
      [202, 'B', 'active', 'paused'],
      [203, 'A', 'queued', 'completed'],
    ],
  )
  assert.equal(events.filter(({ kind }) => kind === 'tasklog').length, 100)
})

async function readUntil(answer: Response, enough: (text: string) => boolean): Promise<string> {
  let text = ''
  for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += piece
    if (enough(text) && text.endsWith('\n\n')) break
  }
  return text
}
