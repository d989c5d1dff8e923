import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChunkedFile } from '../../src/delta/chunk-and-hash.ts'
import { createKeptFiles } from '../../src/delta/kept-files.ts'
import { digestOf } from '../../src/digest.ts'

const MiB = 1 << 20

/** A file with so many bytes between its large payloads. */
function fileWith(name: string, looseBytes: number): ChunkedFile {
  const loose = { ranges: [], bytes: Buffer.alloc(looseBytes) }
  return { digest: digestOf(Buffer.from(name)), loose }
}

test('of many files as much is kept as there is room for, those read last', () => {
  const kept = createKeptFiles(10 * MiB)
  const files = Array.from({ length: 100 }, (_, index) => fileWith(`${index}`, MiB))
  files.forEach((file, index) => {
    kept.keep(`/${index}.blend`, file)
    assert.ok(kept.bytes <= 10 * MiB)
  })
  const known = files.filter((file, index) => kept.of(`/${index}.blend`, file.digest) === file)
  assert.deepEqual(known, files.slice(-9))
})

test('what is known of a file counts for its digest alone, and no longer once it is forgotten', () => {
  const kept = createKeptFiles(10 * MiB)
  const [before, after] = [fileWith('before', MiB), fileWith('after', 2 * MiB)]
  kept.keep('/a.blend', before)
  kept.keep('/a.blend', after)
  assert.equal(kept.of('/a.blend', before.digest), undefined)
  assert.equal(kept.of('/a.blend', after.digest), after)
  assert.ok(kept.bytes < 2.1 * MiB)
  kept.forget('/a.blend')
  kept.forget('/a.blend')
  assert.equal(kept.bytes, 0)
})

test('a file larger than all the room is not kept', () => {
  const kept = createKeptFiles(MiB)
  const large = fileWith('large', 2 * MiB)
  kept.keep('/large.blend', large)
  assert.equal(kept.of('/large.blend', large.digest), undefined)
  assert.equal(kept.bytes, 0)
})
