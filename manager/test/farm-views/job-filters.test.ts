import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openManager, submitEcho } from '../running-manager.ts'

test('jobs are filtered by who sent them and by tag, and the counts with them', async (t) => {
  const { client, ...manager } = await openManager(t)
  const gpu = await client.createWorkerTag({ body: { name: 'gpu' } })
  const send = (name: string, metadata: Record<string, string>, worker_tag?: string) =>
    submitEcho({ client, ...manager }, { name, metadata, ...(worker_tag ? { worker_tag } : {}) })
  await send('a', { 'user.name': 'mara' }, gpu.id)
  await send('b', { submitter: 'mara' })
  await send('c', { user: 'joel' }, gpu.id)
  await send('d', {})
  const found = async (query: { user?: string; tag?: string }): Promise<string> => {
    const { jobs, total, counts } = await client.farmJobs({ query: { ...query, sort: 'name' } })
    assert.deepEqual([total, counts.queued], [jobs.length, jobs.length])
    return jobs.map((job) => job.name).join('')
  }
  assert.equal(await found({ user: 'mara' }), 'ab')
  assert.equal(await found({ tag: 'gpu' }), 'ac')
  assert.equal(await found({ user: 'joel', tag: 'gpu' }), 'c')
  assert.equal(await found({ user: 'mar' }), '')
  assert.equal(await found({ tag: 'none such' }), '')
  assert.deepEqual(await client.farmJobFilters(), {
    users: [
      { name: 'mara', jobs: 2 },
      { name: 'joel', jobs: 1 },
    ],
    tags: [{ name: 'gpu', jobs: 2 }],
  })
})

test('the total counts the statuses that are asked for, each once, over all pages', async (t) => {
  const manager = await openManager(t)
  const { client } = manager
  for (let i = 0; i < 3; i += 1) await submitEcho(manager, { name: `shot ${i}` })
  await submitEcho(manager, { name: 'shot late', initial_status: 'paused' })
  const page = async (status?: string) => {
    const query = { q: 'shot', limit: 2, ...(status ? { status } : {}) }
    const { jobs, total } = await client.farmJobs({ query })
    return [jobs.length, total]
  }
  assert.deepEqual(await page(), [2, 4])
  assert.deepEqual(await page('queued'), [2, 3])
  assert.deepEqual(await page('queued,queued'), [2, 3])
  assert.deepEqual(await page('paused,queued'), [2, 4])
  assert.deepEqual(await page('paused'), [1, 1])
})
