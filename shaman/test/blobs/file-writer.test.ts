import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFileWriter } from '../../src/blobs/file-writer.ts'
import { copyBytes } from '../../src/copy-bytes.ts'
import { realDisk } from '../../src/disk.ts'
import { randomBlob, tempDir } from '../support/farm.ts'
import { createFaultyThreads } from '../support/faulty-threads.ts'

test('once a write has failed nothing that follows it is written, though it was on its way already', async (t) => {
  const threads = createFaultyThreads()
  t.after(() => threads.close())
  const path = join(await tempDir(t), 'a.tmp')
  const { bytes } = randomBlob(6 << 20)
  const writer = createFileWriter({ disk: realDisk, threads, expectedBytes: bytes.length })
  const file = writer.open(path, { flags: constants.O_CREAT, mode: 0o644 })
  threads.inject({ call: 'writeSync', errno: 'EIO', skip: 1 })
  const writing = async (): Promise<void> => {
    for (let at = 0; at < bytes.length; at += 65_536) {
      await writer.write(file, bytes.subarray(at, at + 65_536))
    }
    await writer.flush(file)
  }
  await assert.rejects(writing(), /EIO/)
  await writer.discard()
  file.close()
  assert.deepEqual(await readFile(path), bytes.subarray(0, 1 << 20))
})

test('bytes copied to any place of shared memory are those bytes, and nothing beside them changes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(200), (bytes, at) => {
      const target = Buffer.from(new SharedArrayBuffer(200)).fill(7)
      const expected = Buffer.alloc(200, 7)
      if (at + bytes.length > 200) {
        assert.throws(() => copyBytes(bytes, target, at), RangeError)
      } else {
        copyBytes(bytes, target, at)
        expected.set(bytes, at)
      }
      assert.deepEqual(Buffer.from(target), expected)
    }),
  )
})
