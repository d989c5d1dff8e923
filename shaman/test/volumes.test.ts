import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isCode } from '../src/errors.ts'
import { openShaman } from '../src/open-shaman.ts'
import { randomBlob, startTestFarm, tempDir, uploadFile } from './support/farm.ts'
import { mountImage } from './support/mount-image.ts'

test('a store whose blobs lie on a volume of their own takes, flushes, collects and mends as any other', async (t) => {
  const volume = mountImage(t, 'ext4', [])
  if (volume === undefined) return
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), stateDir: join(dir, 'state') }
  await mkdir(join(options.root, 'file-store'), { recursive: true })
  await symlink(volume, join(options.root, 'file-store/blobs'))
  let time = Date.now()
  const { shaman, client } = await startTestFarm(t, { ...options, now: () => time })

  const small = Array.from({ length: 100 }, (_, i) => randomBlob(1000 + i))
  const large = randomBlob(5_000_000)
  const files = [...small, large].map((blob, i) => uploadFile(`f${i}`, blob))
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'shot' })
  assert.deepEqual(await readFile(join(shaman.jobsDir, checkoutPath, 'f100')), large.bytes)
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  const flushed = processes.find((line) => line.includes('sync -f') && line.includes(options.root))
  assert.ok(flushed?.includes(`${options.root}/file-store/blobs`), `flushed: ${flushed}`)

  const damaged = shaman.layout.blob(small[0]!.digest)
  await chmod(damaged, 0o644)
  await writeFile(damaged, Buffer.alloc(1000))
  await shaman.scrubber.start()
  assert.equal((await shaman.scrubber.finished()).damaged, 1)
  assert.equal((await client.submit({ files, checkoutPath: 'again' })).receipt.uploadedFiles, 1)

  for (const { path } of shaman.checkouts.list()) await shaman.checkouts.erase(path)
  time += 40 * 24 * 3600 * 1000
  const { epoch, removed } = await shaman.gc.apply((await shaman.gc.plan()).id)
  assert.equal(removed.blobs, 101)
  assert.equal((await shaman.gc.undo(epoch)).blobs, 101)
  assert.ok(shaman.blobs.isStored(large.digest))

  await shaman.close()
  await rm(join(options.root, 'file-store/blobs'))
  await assert.rejects(openShaman(options), (error) => isCode(error, 'STORE_ABSENT'))
})
