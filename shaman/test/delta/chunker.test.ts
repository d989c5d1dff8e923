import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { algorithmFor, type ChunkAlgorithm, maxChunkBytes } from '../../src/delta/algorithms.ts'
import {
  type ChunkMap,
  decodeChunkMap,
  encodeChunkMap,
  zeroHash,
} from '../../src/delta/chunk-map.ts'
import { createChunker } from '../../src/delta/chunker.ts'
import { framesOf, fresh, makeBlend, noise, sampleShapes } from './blend-samples.ts'

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

/** As Blender saves with compression on, in frames of at most 1 MiB. */
function compressed(blend: Buffer): Buffer {
  return Buffer.concat(framesOf(blend).map((frame) => zstdCompressSync(frame)))
}

test('blocks1 cuts at the ends of zstd blocks, and finds those again that an edit left alone', () => {
  const text = Buffer.from('mesh '.repeat(60_000))
  const blend = (address: bigint): Buffer =>
    makeBlend(
      '64-little',
      [
        { code: 'DATA', payload: noise(300, 3) },
        { code: 'ME', payload: Buffer.concat([noise(400_000, 2), text, noise(500_000, 4)]) },
      ],
      address,
    )
  const [before, after] = [compressed(blend(1n)), compressed(blend(99n))]
  const known = new Set(chunk('blocks1', before).hashes)
  const map = chunk('blocks1', after)
  assert.ok(map.lengths.length >= 7, `${map.lengths.length} chunks`)
  const missing = [...map.lengths].filter((_, index) => !known.has(map.hashes[index]!))
  assert.ok(missing.reduce((total, length) => total + length, 0) < 1000)
})

test('blocks1 cuts by content where the frames end, and whatever stands between them', () => {
  const skippable = Buffer.concat([Buffer.from('5e2a4d18', 'hex'), Buffer.alloc(4), noise(300_000)])
  skippable.writeUInt32LE(300_000, 4)
  const frame = zstdCompressSync(noise(200_000, 8), {
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  })
  const file = Buffer.concat([frame, skippable, frame, noise(900_000, 5)])
  const map = chunk('blocks1', file)
  assert.ok(Math.max(...map.lengths) <= maxChunkBytes)
  const starts = new Set(offsetsOf(map))
  for (const at of [frame.length, frame.length + skippable.length])
    assert.ok(starts.has(at), `${at}`)
  const [first, second] = [
    map.hashes[0],
    map.hashes[[...offsetsOf(map)].indexOf(frame.length + skippable.length)],
  ]
  assert.equal(first, second)
})

test('a map does not depend on how the bytes are divided', () => {
  const blend = makeBlend('64-little', [
    { code: 'ME', payload: fresh(700_000) },
    { code: 'DATA', payload: fresh(3000) },
    { code: 'DATA', payload: fresh(600_000) },
  ])
  const packed = compressed(blend)
  fc.assert(
    fc.property(
      fc.constantFrom<ChunkAlgorithm>('blend1', 'fastcdc16', 'fastcdc64', 'blocks1'),
      fc.constantFrom(blend, packed),
      fc.array(fc.nat({ max: 300_000 }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
      (algorithm, file, large, small) => {
        assert.deepEqual(chunk(algorithm, file, [...small, ...large]), chunk(algorithm, file))
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

test('the chunks of any bytes add up, whatever blocks1 makes of them', () => {
  const packed = compressed(makeBlend('64-little', [{ code: 'ME', payload: noise(300_000) }]))
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.oneof(fc.nat(40), fc.nat(packed.length - 1)),
      fc.nat(255),
      fc.nat(packed.length),
      (tail, at, byte, length) => {
        const file = Buffer.concat([packed.subarray(0, length), tail])
        if (at < file.length) file[at] = byte
        const map = chunk('blocks1', file)
        assert.equal(map.size, file.length)
        assert.ok([...map.lengths].every((length) => length > 0 && length <= maxChunkBytes))
      },
    ),
    { numRuns: 300 },
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
  const claims = Buffer.from('SCM3\x01\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\x7f', 'latin1')
  assert.throws(() => decodeChunkMap(claims), { code: 'CHUNK_MAP_INVALID' })
})
