import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { algorithmFor, type ChunkAlgorithm } from '../../src/delta/algorithms.ts'
import {
  type ChunkMap,
  decodeChunkMap,
  encodeChunkMap,
  zeroHash,
} from '../../src/delta/chunk-map.ts'
import { createChunker } from '../../src/delta/chunker.ts'
import { fresh, makeBlend, noise, sampleShapes } from './blend-samples.ts'

function chunk(algorithm: ChunkAlgorithm, bytes: Uint8Array, pieces: number[] = []): ChunkMap {
  const chunker = createChunker(algorithm)
  let at = 0
  for (const length of pieces) {
    chunker.push(bytes.subarray(at, at + length))
    at += length
  }
  chunker.push(bytes.subarray(at))
  return chunker.end()
}

function offsetsOf(map: ChunkMap): number[] {
  let at = 0
  return [...map.lengths].map((length) => {
    at += length
    return at - length
  })
}

for (const shape of sampleShapes) {
  test(`blend1 cuts around every large payload of a ${shape} file`, () => {
    const blocks = [
      { code: 'REND', payload: noise(72) },
      { code: 'DATA', payload: noise(4095, 2) },
      { code: 'DATA', payload: noise(4096, 3) },
      { code: 'ME', payload: noise(300_000, 4) },
      { code: 'DATA', payload: noise(0) },
      { code: 'DATA', payload: noise(9_000, 5) },
    ]
    const file = makeBlend(shape, blocks)
    const starts = new Set(offsetsOf(chunk('blend1', file)))
    for (const { payload } of blocks.filter(({ payload }) => payload.length >= 4096)) {
      const at = file.indexOf(payload)
      assert.ok(starts.has(at), `a cut before the payload at ${at}`)
      assert.ok(starts.has(at + payload.length), `a cut behind the payload at ${at}`)
    }
    assert.equal(starts.has(file.indexOf(blocks[1]!.payload)), false)
  })
}

test('blend1 finds a large payload again when blocks before it grow', () => {
  const payload = noise(2_000_000, 7)
  const before = makeBlend('64-little', [
    { code: 'OB', payload: noise(100) },
    { code: 'ME', payload },
  ])
  const after = makeBlend(
    '64-little',
    [
      { code: 'OB', payload: noise(1777, 9) },
      { code: 'ME', payload },
    ],
    99n,
  )
  const known = new Set(chunk('blend1', before).hashes)
  const map = chunk('blend1', after)
  const missing = [...map.lengths].filter((_, index) => !known.has(map.hashes[index]!))
  assert.ok(missing.reduce((total, length) => total + length, 0) < 3000)
})

test('a map does not depend on how the bytes are divided', () => {
  const blend = makeBlend('64-little', [
    { code: 'ME', payload: fresh(700_000) },
    { code: 'DATA', payload: fresh(3000) },
    { code: 'DATA', payload: fresh(600_000) },
  ])
  fc.assert(
    fc.property(
      fc.constantFrom<ChunkAlgorithm>('blend1', 'fastcdc16', 'fastcdc64'),
      fc.array(fc.nat({ max: 300_000 }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
      (algorithm, large, small) => {
        assert.deepEqual(chunk(algorithm, blend, [...small, ...large]), chunk(algorithm, blend))
      },
    ),
    { numRuns: 60 },
  )
})

test('the chunks of any bytes add up, whatever blend1 makes of them', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...sampleShapes),
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(200),
      fc.nat(255),
      (shape, tail, at, byte) => {
        const file = Buffer.concat([makeBlend(shape, [{ code: 'ME', payload: noise(9000) }]), tail])
        file[Math.min(at, file.length - 1)] = byte
        const map = chunk('blend1', file)
        assert.equal(map.size, file.length)
        assert.equal(
          map.lengths.reduce((total, length) => total + length, 0),
          file.length,
        )
      },
    ),
    { numRuns: 200 },
  )
})

test('a .blend cut off in the middle of a header or payload is cut into chunks to its end', () => {
  const file = makeBlend('large', [{ code: 'ME', payload: noise(10_000) }])
  for (let length = 0; length < 60; length++) {
    assert.equal(chunk('blend1', file.subarray(0, length)).size, length)
  }
  assert.equal(chunk('blend1', file.subarray(0, 5000)).size, 5000)
})

test('chunks of zeros all have the hash that stands for zeros', () => {
  const map = chunk('fastcdc16', Buffer.alloc(300_000))
  assert.deepEqual([...new Set(map.hashes)], [zeroHash])
})

test('the algorithm follows from size and first bytes', () => {
  const blend = Buffer.from('BLENDER-v403')
  const other = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0])
  assert.equal(algorithmFor(blend, 256 * 1024 - 1), undefined)
  assert.equal(algorithmFor(blend, 256 * 1024), 'blend1')
  assert.equal(algorithmFor(other, 2 ** 30), 'fastcdc16')
  assert.equal(algorithmFor(other, 2 ** 30 + 1), 'fastcdc64')
  assert.equal(algorithmFor(other, 2 ** 37), undefined)
})

test('an encoded map decodes to itself', () => {
  for (const algorithm of ['blend1', 'fastcdc16', 'fastcdc64'] as const) {
    const map = chunk(algorithm, makeBlend('64-big', [{ code: 'ME', payload: fresh(500_000) }]))
    assert.deepEqual(decodeChunkMap(encodeChunkMap(map)), map)
  }
})

test('a cut or altered map is refused or is another well-formed map, and nothing else', () => {
  const map = chunk('blend1', makeBlend('64-little', [{ code: 'ME', payload: fresh(900_000) }]))
  const encoded = encodeChunkMap(map)
  for (let length = 0; length < encoded.length; length++) {
    assert.throws(() => decodeChunkMap(encoded.subarray(0, length)), { code: 'CHUNK_MAP_INVALID' })
  }
  fc.assert(
    fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const altered = Buffer.from(encoded)
      altered[at]! ^= flip
      try {
        const decoded = decodeChunkMap(altered)
        assert.equal(
          decoded.lengths.reduce((total, length) => total + length, 0),
          decoded.size,
        )
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'CHUNK_MAP_INVALID')
      }
    }),
    { numRuns: 500 },
  )
})

test('a map that claims more chunks than it has bytes is refused before memory is taken', () => {
  const claims = Buffer.from('SCM1\x01\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\x7f', 'latin1')
  assert.throws(() => decodeChunkMap(claims), { code: 'CHUNK_MAP_INVALID' })
})
