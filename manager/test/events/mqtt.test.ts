import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { FarmEvent } from '@shaman-farm/manager-api'
import { Aedes } from 'aedes'
import { topicsOf } from '../../src/events/mqtt.ts'
import { openManager, signOnWorker, submitEcho, workOff } from '../running-manager.ts'

test('what happens is published with Flamenco’s topics below the prefix, and never a log', async (t) => {
  const broker = await Aedes.createBroker()
  const server = createServer(broker.handle).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    broker.close()
    server.close()
    server.unref()
  })
  const topics = new Set<string>()
  let lastJob = ''
  const isCompleted = new Promise<void>((resolve) => {
    broker.on('publish', ({ topic, payload }) => {
      if (topic.startsWith('$SYS')) return
      topics.add(topic)
      if (topic !== 'studio/jobs') return
      lastJob = payload.toString()
      if (JSON.parse(lastJob).status === 'completed') resolve()
    })
  })
  const isConnected = new Promise((resolve) => broker.once('client', resolve))
  const { port } = server.address() as { port: number }
  const client = {
    enabled: true,
    broker: `tcp://127.0.0.1:${port}`,
    clientID: 'test',
    topic_prefix: 'studio',
    username: '',
    password: '',
  }
  const manager = await openManager(t, { config: { mqtt: { client } } })
  await isConnected
  const job = await submitEcho(manager)
  await workOff(await signOnWorker(manager))
  await isCompleted
  assert.equal(JSON.parse(lastJob).id, job.id)
  assert.ok(topics.has(`studio/jobs/${job.id}`), [...topics].join())
  assert.ok(topics.has('studio/workers'))
  assert.ok(![...topics].some((topic) => topic.includes('log')))
})

test('every kind of event has the topics that it has at Flamenco’s, and a log has none', () => {
  const topics = (kind: FarmEvent['kind'], data: object): string[] =>
    topicsOf({ kind, data } as FarmEvent)
  assert.deepEqual(topics('lifecycle', {}), ['/lifecycle'])
  assert.deepEqual(topics('status', {}), ['/status'])
  assert.deepEqual(topics('job', { id: 'J' }), ['/jobs'])
  assert.deepEqual(topics('task', { id: 'T', job_id: 'J' }), ['/jobs/J'])
  assert.deepEqual(topics('last-rendered', { job_id: 'J' }), [
    '/jobs/J/last-rendered',
    '/last-rendered',
  ])
  assert.deepEqual(topics('worker', {}), ['/workers'])
  assert.deepEqual(topics('tag', {}), ['/workertags'])
  assert.deepEqual(topics('tasklog', { task_id: '', log: '' }), [])
})
