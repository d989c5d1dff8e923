import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
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

test('a log has no topic', () => {
  assert.deepEqual(topicsOf({ kind: 'tasklog', data: { task_id: '', log: '' } }), [])
})
