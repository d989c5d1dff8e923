import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { extract, pack } from 'tar-stream'
import {
  createHasher,
  type Digest,
  digestFromKey,
  digestKey,
  digestOf,
  readDigest,
  writeDigest,
} from '../src/digest.ts'
import { isCode } from '../src/errors.ts'
import { decodeManifest, encodeManifest } from '../src/manifest.ts'
import { createReferenceTable } from '../src/references.ts'
import { decodeWords } from '../src/routes/headers.ts'
import { decodeTarHeader, encodeTarHeader, paddingOf } from '../src/tar/header.ts'
import { parseTar } from '../src/tar/parse.ts'
import { readAll } from './support/farm.ts'

const anyDigest: fc.Arbitrary<Digest> = fc.record(
  {
    sha: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    size: fc.maxSafeNat(),
  },
  { noNullPrototype: true },
)

test('the digest is the same in one piece, in many, and by another implementation', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (pieces) => {
      const hasher = createHasher()
      for (const piece of pieces) hasher.update(piece)
      const whole = Buffer.concat(pieces)
      assert.deepEqual(hasher.digest(), digestOf(whole))
      assert.equal(digestOf(whole).sha, bytesToHex(sha256(whole)))
    }),
  )
})

test('a digest survives its binary and its text form', () => {
  fc.assert(
    fc.property(anyDigest, (digest) => {
      const bytes = Buffer.alloc(48)
      writeDigest(bytes, 8, digest)
      assert.deepEqual(readDigest(bytes, 8), digest)
      assert.deepEqual(digestFromKey(digestKey(digest)), digest)
    }),
  )
})

test('a manifest survives its encoding, and any changed byte is noticed', () => {
  const files = fc.array(fc.tuple(anyDigest, fc.string({ minLength: 1 })), { maxLength: 20 })
  fc.assert(
    fc.property(files, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, flip) => {
      const header = {
        seq: 7,
        path: 'a/ü',
        created: 1,
        staging: 's',
        pinned: false,
        files: 1,
        bytes: 1,
        uploadedBytes: 1,
        uploadedFiles: 1,
      }
      const manifest = { header, files: given.map(([digest, path]) => ({ ...digest, path })) }
      const bytes = encodeManifest(manifest)
      assert.deepEqual(decodeManifest(bytes), manifest)
      bytes[at % bytes.length]! ^= flip
      assert.throws(
        () => decodeManifest(bytes),
        (error) => isCode(error, 'MANIFEST_CORRUPT'),
      )
    }),
  )
})

test('the reference table counts as a map of sets does, and knows who is alone with what', () => {
  const blobs = Array.from({ length: 12 }, (_, i) => digestOf(Buffer.from(`blob ${i}`)))
  const step = fc.record({ seq: fc.integer({ min: 1, max: 6 }), picks: fc.subarray(blobs) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = createReferenceTable()
      const model = new Map<number, Digest[]>()
      for (const { seq, picks } of steps) {
        const before = model.get(seq)
        if (before) {
          table.remove(seq, before)
          model.delete(seq)
        } else {
          table.add(seq, picks)
          model.set(seq, picks)
        }
      }
      const holders = (digest: Digest) =>
        [...model].filter(([, held]) => held.includes(digest)).map(([seq]) => seq)
      for (const digest of blobs) assert.equal(table.count(digest), holders(digest).length)
      for (let seq = 1; seq <= 6; seq += 1) {
        const alone = blobs.filter((digest) => holders(digest).join() === String(seq))
        assert.equal(table.exclusiveBlobs(seq), alone.length)
        assert.equal(
          table.exclusiveBytes(seq),
          alone.reduce((sum, digest) => sum + digest.size, 0),
        )
      }
      assert.equal(table.blobs, blobs.filter((digest) => holders(digest).length > 0).length)
    }),
  )
})

test('a large reference table finds all and only what it was given', () => {
  const table = createReferenceTable()
  const digests = Array.from({ length: 20_000 }, (_, i) => digestOf(Buffer.from(String(i))))
  table.add(1, digests.slice(0, 10_000))
  for (const [i, digest] of digests.entries()) assert.equal(table.has(digest), i < 10_000)
})

test('our tar headers are read by another program, and its tar streams by us, cut anywhere', async () => {
  const names = Array.from({ length: 9 }, (_, i) => `${digestOf(Buffer.from([i])).sha}/${i * 300}`)
  const bodies = names.map((_, i) => Buffer.alloc(i * 300, i))
  const ours = Buffer.concat([
    ...names.flatMap((name, i) => [
      encodeTarHeader({ name, size: bodies[i]!.length }),
      bodies[i]!,
      Buffer.alloc(paddingOf(bodies[i]!.length)),
    ]),
    Buffer.alloc(1024),
  ])
  const reader = extract()
  reader.end(ours)
  const read: string[] = []
  for await (const entry of reader) {
    assert.deepEqual(await readAll(entry), bodies[read.length])
    read.push(entry.header.name)
  }
  assert.deepEqual(read, names)

  const theirs = pack()
  for (const [i, name] of names.entries()) theirs.entry({ name }, bodies[i]!)
  theirs.finalize()
  const bytes = await readAll(theirs)
  for (const pieceLength of [1, 7, 511, 512, 513, 100_000]) {
    const entries = []
    for await (const together of parseTar(cut(bytes, pieceLength), { maxEntryBytes: 1 << 20 })) {
      entries.push(...together)
    }
    assert.deepEqual(
      entries.map(({ name }) => name),
      names,
    )
    assert.deepEqual(
      entries.map((entry) => entry.bytes),
      bodies,
    )
  }
})

test('a tar header of random bytes is refused, never misread', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (bytes) => {
      if (bytes.every((byte) => byte === 0)) return
      assert.throws(
        () => decodeTarHeader(Buffer.from(bytes)),
        (error) => isCode(error, 'REQUEST_INVALID'),
      )
    }),
  )
})

test('encoded words of RFC 2047 are decoded, plain ones left alone', () => {
  assert.equal(decodeWords('plain.blend'), 'plain.blend')
  assert.equal(decodeWords('=?utf-8?q?fonts/bold_slot=2Ettf?='), 'fonts/bold slot.ttf')
  assert.equal(decodeWords('=?utf-8?b?w7xi?= =?UTF-8?B?ZXI=?='), 'über')
  assert.equal(decodeWords('=?iso-8859-1?q?=FCber?='), 'über')
})

async function* cut(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}
