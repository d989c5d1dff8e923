import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openShaman } from '../src/main.ts'
import { blobOf, putBlob, tempDir } from './support/farm.ts'
import { startS3 } from './support/s3.ts'

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

test('one store through all of its commands: plan, collect, undo, scrub a flipped bit, check, rebuild', async (t) => {
  const dir = await tempDir(t)
  const places = { root: join(dir, 'storage'), stateDir: join(dir, 'state') }
  const old = Date.now() - 40 * 24 * 3600 * 1000
  const [used, unused] = [blobOf('used by a job'), blobOf('used by none')]
  const shaman = await openShaman({ ...places, now: () => old })
  await putBlob(shaman, used)
  await putBlob(shaman, unused)
  await shaman.checkouts.create({ path: 'job', files: [{ path: 'a', ...used.digest }] })
  await shaman.close()
  const farmShaman = (...args: string[]): Promise<{ stdout: string }> => {
    const where = ['--storage', places.root, '--state', places.stateDir]
    return run(process.execPath, [farm, 'shaman', ...args, ...where])
  }

  const planned = (await farmShaman('gc', 'plan')).stdout
  assert.match(planned, /kept: referenced by checkouts +1 +13 B/)
  assert.match(planned, /to remove +1 +12 B/)
  const listed = (await farmShaman('gc', 'plan', '--csv')).stdout.split('\n')
  assert.deepEqual(
    [listed[0], listed[1]?.split(',').slice(0, 3), listed[2]],
    ['kind,name,bytes,last_use', ['blob', `${unused.digest.sha}-${unused.digest.size}`, '12'], ''],
  )
  const applied = (await farmShaman('gc', 'apply')).stdout
  const epoch = /undo with: farm shaman gc undo (\S+)/.exec(applied)?.[1]
  assert.ok(epoch, applied)
  assert.match((await farmShaman('gc', 'trash')).stdout, new RegExp(`${epoch}  1 blob, 12 B`))
  assert.match((await farmShaman('gc', 'undo', epoch)).stdout, /brought back 1 blob, 12 B/)
  assert.match((await farmShaman('gc', 'trash')).stdout, /the trash is empty/)

  assert.match((await farmShaman('scrub')).stdout, /2 blobs, 25 B read, 0 damaged/)
  const file = shaman.layout.blob(used.digest)
  await rm(file)
  await writeFile(file, 'used by a jab')
  await assert.rejects(farmShaman('scrub'), { code: 1, stdout: /2 blobs, 25 B read, 1 damaged/ })
  await assert.rejects(farmShaman('fsck'), { code: 1, stdout: /missing-blob .* in job/ })

  await rm(places.stateDir, { recursive: true })
  assert.match((await farmShaman('rebuild')).stdout, /found 1 blob, 12 B/)
})

test('a store whose bytes are in a bucket is served and asked by naming the bucket', async (t) => {
  const dir = await tempDir(t)
  const { place, env, blobsIn } = await startS3(t)
  const places = { root: join(dir, 'storage'), stateDir: join(dir, 'state') }
  const shaman = await openShaman({ ...places, blobsIn })
  await putBlob(shaman, blobOf('a texture'))
  await shaman.close()
  const args = ['shaman', 'scrub', '--storage', places.root, '--state', places.stateDir]
  const options = { env: { ...process.env, ...env } }
  const { stdout } = await run(process.execPath, [farm, ...args, '--blobs-in', place], options)
  assert.match(stdout, /1 blob, 9 B read, 0 damaged/)
  await assert.rejects(run(process.execPath, [farm, ...args], options), {
    code: 1,
    stderr: /are in s3:\/\/farm\/test\/, not in its own directory/,
  })
  await assert.rejects(run(process.execPath, [farm, ...args, '--blobs-in', 'bucket'], options), {
    stderr: /"bucket" is no place for blobs/,
  })
})

test('without directories the store commands ask the manager', async () => {
  const asked = run(process.execPath, [farm, 'shaman', 'stats', '--manager', 'http://127.0.0.1:1'])
  await assert.rejects(asked, { code: 1, stderr: /no answer from http:\/\/127\.0\.0\.1:1/ })
})
