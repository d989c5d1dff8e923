import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openShaman } from '../src/main.ts'
import { blobOf, tempDir } from './support/farm.ts'

const run = promisify(execFile)
const farm = join(import.meta.dirname, '../../bin/src/main.ts')

test('stats of a closed store count what its checkouts reference, from the first answer on', async (t) => {
  const dir = await tempDir(t)
  const places = { root: join(dir, 'storage'), stateDir: join(dir, 'state') }
  const { digest, bytes } = blobOf('a texture')
  const shaman = await openShaman(places)
  await shaman.blobs.putBytes(digest, bytes)
  await shaman.checkouts.create({ path: 'job', files: [{ path: 'a.png', ...digest }] })
  await shaman.close()

  const args = ['shaman', 'stats', '--storage', places.root, '--state', places.stateDir, '--json']
  const { stdout } = await run(process.execPath, [farm, ...args], {
    // Naming the directories wins over a manager that the environment names.
    env: { ...process.env, FARM_MANAGER: 'http://127.0.0.1:1' },
  })
  const stats = JSON.parse(stdout) as { blobs: number; referencedBlobs: number }
  assert.equal(stats.blobs, 1)
  assert.equal(stats.referencedBlobs, 1)
})

test('without directories the store commands ask the manager', async () => {
  const asked = run(process.execPath, [farm, 'shaman', 'stats', '--manager', 'http://127.0.0.1:1'])
  await assert.rejects(asked, { code: 1, stderr: /no answer from http:\/\/127\.0\.0\.1:1/ })
})
