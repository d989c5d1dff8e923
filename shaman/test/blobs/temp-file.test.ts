import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFileWriter } from '../../src/blobs/file-writer.ts'
import { openTempFile } from '../../src/blobs/temp-file.ts'
import { createThreads, type Threads } from '../../src/blobs/threads.ts'
import { realDisk } from '../../src/disk.ts'
import { openTestShaman, randomBlob, tempDir } from '../support/farm.ts'
import { createFaultyDisk } from '../support/faulty-disk.ts'

test('a file that is given up is closed only after the last write to it, as its number may soon be that of another', async (t) => {
  const real = createThreads()
  t.after(() => real.close())
  const seen: string[] = []
  const threads: Threads = {
    ...real,
    pick: () => {
      const thread = real.pick('stream')
      return {
        ...thread,
        async ask(request) {
          const answer = await thread.ask(request)
          if (request.do === 'append') seen.push('written')
          return answer
        },
      }
    },
  }
  const disk = {
    ...realDisk,
    closeSync(fd: number) {
      seen.push('closed')
      realDisk.closeSync(fd)
    },
  }
  const path = join(await tempDir(t), 'a.tmp')
  const bytes = Buffer.alloc(2 << 20, 1)
  const writer = createFileWriter({ disk, threads, expectedBytes: 2 * bytes.length })
  const temp = openTempFile(disk, path, writer)
  await temp.write(bytes)
  await Promise.all([temp.discard(), temp.discard()])
  assert.deepEqual(seen.slice(0, 2), ['written', 'written'])
  assert.ok(seen.length > 2 && seen.slice(2).every((what) => what === 'closed'))
  assert.ok(!existsSync(path))
})

test('a sync that fails while more arrives fails the blob, though the sync at its end would not', async (t) => {
  const disk = createFaultyDisk()
  const shaman = await openTestShaman(t, { disk, durability: 'full' })
  const { digest, bytes } = randomBlob(34 << 20)
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20))
  }
  disk.inject({ call: 'fdatasync', errno: 'EIO' })
  await assert.rejects(shaman.blobs.put(digest, pieces()), /injected, fdatasync/)
  assert.equal(disk.struck(), 1)
  assert.equal(shaman.blobs.isStored(digest), false)
  assert.deepEqual(await readdir(shaman.blobs.tempDir), [])
  assert.equal(await shaman.blobs.put(digest, pieces()), 'stored')
})
