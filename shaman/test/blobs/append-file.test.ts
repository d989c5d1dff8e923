import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createAlignedMemory } from '../../src/blobs/aligned-memory.ts'
import { createFileWriter } from '../../src/blobs/file-writer.ts'
import { openTempFile } from '../../src/blobs/temp-file.ts'
import { createThreads, type Threads } from '../../src/blobs/threads.ts'
import { type Disk, realDisk } from '../../src/disk.ts'
import { openTestShaman, randomBlob, type TestBlob, tempDir } from '../support/farm.ts'
import { createFaultyDisk } from '../support/faulty-disk.ts'
import { mountImage } from '../support/mount-image.ts'

const flags = constants.O_CREAT | constants.O_EXCL

for (const type of ['ext4', 'xfs']) {
  test(`on ${type} whole blocks of a large file pass by the page cache, and its bytes are right wherever it was interrupted`, async (t) => {
    const dir = mountImage(t, type, [])
    if (dir === undefined) return
    const { threads, appends } = watchedThreads(t)
    const { digest, bytes } = randomBlob((9 << 20) + 123)
    const writer = createFileWriter({ disk: realDisk, threads, expectedBytes: digest.size })
    const path = join(dir, 'file')
    for (const [from, to] of [
      [0, 3_000_001],
      [3_000_001, 3_000_002],
      [3_000_002, digest.size],
    ] as const) {
      const file = writer.open(path, { flags: from === 0 ? flags : 0, mode: 0o644 })
      for (let at = from; at < to; at += 65_521) {
        await writer.write(file, bytes.subarray(at, Math.min(to, at + 65_521)))
      }
      await writer.flush(file)
      file.close()
    }
    assert.deepEqual(await writer.finish(), digest)
    assert.deepEqual(await readFile(path), bytes)
    const direct = appends.filter((append) => append.isDirect).map(({ length }) => length)
    assert.deepEqual(
      direct,
      Array.from({ length: direct.length }, () => 1 << 20),
    )
    assert.ok(direct.length >= 7, `${direct.length} of ${appends.length}`)
  })
}

test('files that come together are whole on the disk and read-only, whatever part of a block they end with', async (t) => {
  const shaman = await openTestShaman(t, { durability: 'full' })
  const intake = shaman.blobs.intake()
  const sizes = [0, 1, 4096, 262_143, 262_144, 262_145, 300_000, 524_288, 1_000_003, 1 << 20]
  const blobs = Array.from({ length: 5 }, () => sizes.map(randomBlob)).flat()
  const placed = blobs.map(({ digest, bytes }) => {
    const memory = intake.allocate(digest.size)
    memory.set(bytes)
    return { digest, bytes: memory }
  })
  const results = await shaman.blobs.putAll(placed, () => {
    for (const { bytes } of placed) intake.release(bytes)
  })
  assert.ok(results.every((result) => !(result instanceof Error)))
  intake.close()
  for (const { digest, bytes } of blobs) {
    const path = shaman.layout.blob(digest)
    assert.deepEqual(await readFile(path), bytes)
    assert.equal((await stat(path)).mode & 0o777, 0o444)
  }
})

test('a large file has the mode that the umask leaves of it, and goes when it cannot be made read-only', async (t) => {
  const dir = mountImage(t, 'ext4', [])
  if (dir === undefined) return
  const disk = createFaultyDisk()
  const { threads } = watchedThreads(t)
  const open = (name: string) => {
    const writer = createFileWriter({ disk, threads, expectedBytes: 2 << 20 })
    writer.open(join(dir, name), { flags, mode: 0o444 }).close()
  }
  const before = process.umask(0o027)
  t.after(() => process.umask(before))
  open('file')
  assert.equal((await stat(join(dir, 'file'))).mode & 0o777, 0o440)
  disk.inject({ call: 'chmodSync', errno: 'EIO' })
  assert.throws(() => open('other'), /injected, chmodSync/)
  assert.deepEqual((await readdir(dir)).toSorted(), ['file', 'lost+found'])
})

test('where the system does not let a file pass by the page cache, it is written all the same', async (t) => {
  const disk: Disk = {
    ...realDisk,
    openSync(path, given, mode) {
      if ((Number(given) & constants.O_DIRECT) === 0) return realDisk.openSync(path, given, mode)
      throw Object.assign(new Error('refused'), { code: 'EINVAL' })
    },
  }
  const { threads, appends } = watchedThreads(t)
  const blob = randomBlob(3 << 20)
  await writeWhole({ disk, threads, path: join(await tempDir(t), 'file'), blob })
  assert.ok(appends.every(({ isDirect }) => !isDirect))
})

test('more large files at once than there is aligned memory are all right', async (t) => {
  const { threads } = watchedThreads(t)
  const dir = await tempDir(t)
  const blob = randomBlob(4 << 20)
  await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      writeWhole({ disk: realDisk, threads, path: join(dir, String(i)), blob }),
    ),
  )
})

test('aligned memory is handed out once each, and again only when it is back', () => {
  const memory = createAlignedMemory(1 << 16, 2)
  const [first, second] = [memory.take()!, memory.take()!]
  assert.equal(first.byteOffset + first.byteLength, second.byteOffset)
  assert.equal(memory.take(), undefined)
  memory.giveBack(Buffer.alloc(1 << 16))
  assert.equal(memory.take(), undefined)
  memory.giveBack(second)
  assert.equal(memory.take(), second)
})

async function writeWhole(parts: {
  disk: Disk
  threads: Threads
  path: string
  blob: TestBlob
}): Promise<void> {
  const { disk, threads, path, blob } = parts
  const writer = createFileWriter({ disk, threads, expectedBytes: blob.digest.size })
  const temp = openTempFile(disk, path, writer)
  for (let at = 0; at < blob.bytes.length; at += 100_000) {
    await temp.write(blob.bytes.subarray(at, at + 100_000))
  }
  await temp.finish(blob.digest)
  assert.deepEqual(await readFile(path), blob.bytes)
}

function watchedThreads(t: TestContext): {
  threads: Threads
  appends: { length: number; isDirect: boolean }[]
} {
  const real = createThreads()
  t.after(() => real.close())
  const appends: { length: number; isDirect: boolean }[] = []
  const pick: Threads['pick'] = () => {
    const thread = real.pick('stream')
    return {
      ...thread,
      ask(request) {
        if (request.do === 'append') {
          const isDirect = request.direct !== undefined
          appends.push({ length: request.bytes.length, isDirect })
        }
        return thread.ask(request)
      },
    }
  }
  return { threads: { ...real, pick }, appends }
}
