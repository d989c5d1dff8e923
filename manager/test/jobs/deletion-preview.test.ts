import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { openManager, submitEcho, type TestManager } from '../running-manager.ts'

/** A job whose checkout holds files of these contents. */
async function jobWith(manager: TestManager, path: string, contents: string[]): Promise<string> {
  const files = contents.map((content, i) => {
    const bytes = Buffer.from(content)
    return { path: `${i}.txt`, digest: digestOf(bytes), source: { bytes } }
  })
  const client = createShamanClient({ url: manager.url })
  const { checkoutPath } = await client.submit({ files, checkoutPath: path })
  const job = await submitEcho(manager, { storage: { shaman_checkout_id: checkoutPath } })
  return job.id
}

test('a deletion preview tells what only these jobs hold from what others hold too', async (t) => {
  const manager = await openManager(t)
  const shared = 'x'.repeat(1000)
  const between = 'y'.repeat(100)
  const a = await jobWith(manager, 'a', [shared, between, 'only a'])
  const b = await jobWith(manager, 'b', [shared, between, between, 'only of b'])
  await jobWith(manager, 'c', [shared])
  const preview = (ids: string[]) =>
    manager.client.farmDeletionPreview({ query: { ids: ids.join(',') } })
  assert.deepEqual(await preview([a]), {
    jobs: 1,
    checkouts: 1,
    frees_bytes: 6,
    keeps_shared_bytes: 1100,
  })
  assert.deepEqual(await preview([a, b]), {
    jobs: 2,
    checkouts: 2,
    frees_bytes: 6 + 9 + 100,
    keeps_shared_bytes: 1000,
  })
})

test('a checkout that a job outside the selection names is not counted', async (t) => {
  const manager = await openManager(t)
  const first = await jobWith(manager, 'twice', ['content'])
  const second = await submitEcho(manager, { storage: { shaman_checkout_id: 'twice' } })
  const some = await manager.client.farmDeletionPreview({ query: { ids: first } })
  assert.deepEqual(some, { jobs: 1, checkouts: 0, frees_bytes: 0, keeps_shared_bytes: 0 })
  const both = { query: { ids: `${first},${second.id}` } }
  assert.equal((await manager.client.farmDeletionPreview(both)).frees_bytes, 7)
  const params = { job_id: second.id }
  const body = { status: 'cancel-requested', reason: '' } as const
  await manager.client.setJobStatus({ params, body })
  await manager.client.farmArchiveJob({ params })
  const alone = await manager.client.farmDeletionPreview({ query: { ids: first } })
  assert.equal(alone.frees_bytes, 7, 'an archived job needs it no more')
})
