import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { apiBase } from '@shaman-farm/manager-api'
import { digestOf } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { openManager } from '../running-manager.ts'

test('an upload that nobody goes on with wants attention until it is continued', async (t) => {
  let late = 0
  const manager = await openManager(t, { now: () => Date.now() + late })
  const bytes = randomBytes(20_000_000)
  const digest = digestOf(bytes)
  const path = `${apiBase}/shaman/x/uploads/${digest.sha}/${digest.size}/artist-pc`
  const begun = await fetch(manager.url + path, {
    method: 'PATCH',
    headers: { 'upload-offset': '0', 'content-type': 'application/partial-upload' },
    body: bytes.subarray(0, 5_000_000),
    signal: AbortSignal.timeout(20_000),
  })
  assert.equal(begun.status, 204)
  const stalled = async () =>
    (await manager.client.farmAttention()).items.filter(({ kind }) => kind === 'upload-stalled')
  assert.deepEqual(await stalled(), [])
  late = 25 * 60_000
  const [item] = await stalled()
  assert.equal(item!.title, 'An upload has stood still for 25 min')
  assert.equal(item!.detail, '5.00 MB of 20.0 MB in 1 file arrived from client artist-pc.')
  const client = createShamanClient({ url: manager.url, clientId: 'artist-pc' })
  t.after(() => client.close())
  await client.upload({ files: [{ path: 'scene.blend', digest, source: { bytes } }] })
  assert.deepEqual(await stalled(), [])
})
