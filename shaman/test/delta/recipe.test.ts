import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import type { ChunkAlgorithm } from '../../src/delta/algorithms.ts'
import { applyRecipe, bytesOf } from '../../src/delta/apply.ts'
import type { ByteSource } from '../../src/delta/byte-source.ts'
import { createChunker } from '../../src/delta/chunker.ts'
import { type Base, diff } from '../../src/delta/diff.ts'
import { openLiterals } from '../../src/delta/literals.ts'
import { contentSize, type Recipe, type RecipeOp, recipeLimits } from '../../src/delta/recipe.ts'
import { decodeRecipe, encodeRecipe, recipeHeadLength } from '../../src/delta/recipe-codec.ts'
import { readRecipe, sendRecipe } from '../../src/delta/recipe-stream.ts'
import { digestOf } from '../../src/digest.ts'
import { fresh, makeBlend, noise } from './blend-samples.ts'

interface Edit {
  readonly at: number
  readonly remove: number
  readonly insert: Uint8Array
}

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(150_000)),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(90_000).map((length) => Buffer.alloc(length)),
    ),
  }),
  { maxLength: 6 },
)

test('apply(base, diff(base, target)) is the target, for any edit and algorithm', async () => {
  const base = makeBlend('64-little', [
    { code: 'GLOB', payload: noise(1000) },
    { code: 'ME', payload: noise(400_000, 3) },
    { code: 'DATA', payload: Buffer.alloc(200_000) },
    { code: 'DATA', payload: noise(30_000, 5) },
  ])
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<ChunkAlgorithm>('blend1', 'fastcdc16', 'fastcdc64', 'blocks1'),
      edits,
      async (algorithm, changes) => {
        const target = changes.reduce(edit, base)
        const result = await roundTrip(algorithm, [base], target)
        assert.ok(result.equals(target))
      },
    ),
    { numRuns: 60 },
  )
})

test('a target of pieces from several bases is put together from all of them', async () => {
  const bases = [noise(300_000, 1), noise(300_000, 2), noise(300_000, 3)]
  const target = Buffer.concat([
    bases[2]!.subarray(100_000),
    Buffer.alloc(100_000),
    bases[0]!,
    noise(5000, 4),
    bases[1]!.subarray(0, 200_000),
  ])
  const result = await roundTrip('fastcdc16', bases, target)
  assert.ok(result.equals(target))
  const found = diff(
    bases.map((bytes) => baseOf('fastcdc16', bytes)),
    chunk('fastcdc16', target),
  )!
  assert.ok(found.literalBytes < target.length / 2)
  assert.equal(found.bases.length, 3)
})

test('an unchanged file is one copy', () => {
  const bytes = fresh(1_000_000)
  const found = diff([baseOf('fastcdc16', bytes)], chunk('fastcdc16', bytes))!
  assert.deepEqual(found.ops, [{ kind: 'copy', base: 0, offset: 0, length: 1_000_000 }])
})

test('a base with equal parts is copied in order, not from the first of them again and again', () => {
  const part = noise(400_000, 5)
  const mark = (seed: number): Buffer => noise(70_000, seed)
  const base = Buffer.concat([part, mark(1), part, mark(2), part])
  const target = Buffer.concat([part, mark(1), part, mark(3), part])
  const { ops } = diff([baseOf('fastcdc16', base)], chunk('fastcdc16', target))!
  const copies = ops.filter((op) => op.kind === 'copy')
  const offsets = copies.map(({ offset }) => offset)
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  )
  assert.ok(copies[0]!.length > 800_000)
})

test('a file that shares nothing is literal from the start', () => {
  const found = diff([baseOf('fastcdc16', fresh(500_000))], chunk('fastcdc16', fresh(500_000)))!
  assert.equal(found.literalBytes, 500_000)
  assert.deepEqual(found.bases, [])
})

test('a copy in place needs no offset on the wire', () => {
  const recipe = sample([
    { kind: 'copy', base: 0, offset: 0, length: 5000 },
    { kind: 'literal', length: 300 },
    { kind: 'copy', base: 0, offset: 5300, length: 4700 },
  ])
  const moved = sample([
    { kind: 'copy', base: 0, offset: 0, length: 5000 },
    { kind: 'literal', length: 300 },
    { kind: 'copy', base: 0, offset: 5000, length: 4700 },
  ])
  assert.ok(encodeRecipe(recipe).length < encodeRecipe(moved).length)
  assert.deepEqual(decodeRecipe(encodeRecipe(recipe)), recipe)
  assert.deepEqual(decodeRecipe(encodeRecipe(moved)), moved)
})

test('every recipe decodes to itself', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({
            kind: fc.constant('literal' as const),
            length: fc.integer({ min: 1, max: 2 ** 40 }),
          }),
          fc.record({
            kind: fc.constant('zero' as const),
            length: fc.integer({ min: 1024, max: 9999 }),
          }),
          fc.record({
            kind: fc.constant('copy' as const),
            base: fc.nat(2),
            offset: fc.nat(2 ** 31 - 1),
            length: fc.integer({ min: 1024, max: 10_000 }),
          }),
        ),
        { minLength: 1, maxLength: 40 },
      ),
      (ops) => {
        const padded: RecipeOp[] = [...structuredClone(ops), { kind: 'literal', length: 1024 * 50 }]
        const recipe = {
          ...sample(padded),
          bases: [1, 2, 3].map((n) => ({ digest: { sha: `${n}`.repeat(64), size: 2 ** 32 } })),
        }
        assert.deepEqual(decodeRecipe(encodeRecipe(recipe)), recipe)
      },
    ),
    { numRuns: 200 },
  )
})

test('every truncated recipe is refused', () => {
  const encoded = encodeRecipe(mixed())
  for (let length = 0; length < encoded.length; length++) {
    assert.throws(() => decodeRecipe(encoded.subarray(0, length)), { code: 'RECIPE_INVALID' })
  }
})

test('every recipe with a flipped bit is refused or still within all its bounds', () => {
  const encoded = encodeRecipe(mixed())
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const altered = Buffer.from(encoded)
    altered[bit >> 3]! ^= 1 << (bit & 7)
    let recipe: Recipe
    try {
      recipe = decodeRecipe(altered)
    } catch (error) {
      assert.match((error as { code: string }).code, /^RECIPE_(INVALID|TOO_LARGE)$/)
      continue
    }
    assertWithinBounds(recipe)
  }
})

test('random bytes behind the magic are refused or within all bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      const head = Buffer.alloc(9)
      head.write('SHR1', 'latin1')
      head.writeUInt32LE(body.length, 5)
      try {
        assertWithinBounds(decodeRecipe(Buffer.concat([head, body])))
      } catch (error) {
        assert.match((error as { code: string }).code, /^RECIPE_(INVALID|TOO_LARGE)$/)
      }
    }),
    { numRuns: 2000 },
  )
})

const hostile: Record<string, RecipeOp[]> = {
  'reads behind the end of a base': [{ kind: 'copy', base: 0, offset: 9000, length: 2000 }],
  'reads before the start of a base': [{ kind: 'copy', base: 0, offset: -1, length: 2000 }],
  'reads from an offset that is no number': [
    { kind: 'copy', base: 0, offset: 2 ** 52, length: 2000 },
  ],
  'names a base it does not list': [{ kind: 'copy', base: 1, offset: 0, length: 2000 }],
  'has an empty op': [
    { kind: 'literal', length: 0 },
    { kind: 'literal', length: 2000 },
  ],
}

for (const [what, ops] of Object.entries(hostile)) {
  test(`a recipe that ${what} is refused`, () => {
    assert.throws(() => decodeRecipe(encodeRecipe(sample(ops))), { code: 'RECIPE_INVALID' })
  })
}

test('a recipe whose ops miss or exceed its size is refused', () => {
  for (const size of [1999, 2001]) {
    const recipe = { ...sample([{ kind: 'literal', length: 2000 }]), size }
    assert.throws(() => decodeRecipe(encodeRecipe(recipe)), { code: 'RECIPE_INVALID' })
  }
})

test('a recipe that makes a huge file out of nothing is refused', () => {
  const recipe = sample([{ kind: 'zero', length: 2 ** 40 }])
  assert.throws(() => decodeRecipe(encodeRecipe(recipe)), { code: 'RECIPE_TOO_LARGE' })
})

test('a recipe with more ops than its size allows is refused', () => {
  const ops = Array.from({ length: 100 }, (): RecipeOp => ({ kind: 'literal', length: 100 }))
  assert.throws(() => decodeRecipe(encodeRecipe(sample(ops))), { code: 'RECIPE_TOO_LARGE' })
})

test('a head that claims to be huge is refused from its first bytes', () => {
  const prefix = Buffer.from('SHR1\x00\xff\xff\xff\xff', 'latin1')
  assert.throws(() => recipeHeadLength(prefix), { code: 'RECIPE_TOO_LARGE' })
})

test('a recipe with more bases than the limit is refused', () => {
  const bases = Array.from({ length: 17 }, (_, n) => ({ digest: digestOf(Buffer.from(`${n}`)) }))
  const recipe = { ...sample([{ kind: 'literal', length: 10 }]), bases }
  assert.throws(() => decodeRecipe(encodeRecipe(recipe)), { code: 'RECIPE_INVALID' })
})

test('a number in a longer form than needed is refused', () => {
  const encoded = encodeRecipe(sample([{ kind: 'literal', length: 10 }]))
  // The target's size, 10, as two bytes.
  const longer = Buffer.concat([
    encoded.subarray(0, 9),
    Buffer.from([0x8a, 0x00]),
    encoded.subarray(10),
  ])
  longer.writeUInt32LE(longer.length - 9, 5)
  assert.throws(() => decodeRecipe(longer), { code: 'RECIPE_INVALID', message: /shortest/ })
})

const mixedOps: RecipeOp[] = [
  { kind: 'copy', base: 0, offset: 0, length: 5000 },
  { kind: 'literal', length: 300 },
  { kind: 'zero', length: 3000 },
  { kind: 'copy', base: 0, offset: 1234, length: 4096 },
]

/** A recipe of everything there is. */
function mixed(): Recipe {
  const recipe = sample(mixedOps)
  return {
    ...recipe,
    dictionary: [
      { base: 0, offset: 100, length: 50 },
      { base: 0, offset: 9000, length: 1000 },
    ],
    frames: [
      { length: 5000, isCopied: true },
      { length: recipe.size - 5000, isCopied: false },
    ],
  }
}

test('a recipe of everything there is decodes to itself', () => {
  assert.deepEqual(decodeRecipe(encodeRecipe(mixed())), mixed())
})

test('literals that end early, go on too long or do not decompress are refused', async () => {
  const bytes = Buffer.from('literal bytes of a recipe')
  const packed = gzipSync(bytes)
  const damaged = Buffer.from(packed)
  damaged[14]! ^= 0xff
  const cases = {
    'cut short': [bytes.subarray(0, 10), 'none'],
    'too long': [Buffer.concat([bytes, bytes]), 'none'],
    'cut short in gzip': [gzipSync(bytes.subarray(1)), 'gzip'],
    'cut off in gzip': [packed.subarray(0, 20), 'gzip'],
    'not gzip': [bytes, 'gzip'],
    'damaged gzip': [damaged, 'gzip'],
    'not zstd': [bytes, 'zstd'],
  } as const
  for (const [what, [sent, coding]] of Object.entries(cases)) {
    const recipe = { ...sample([{ kind: 'literal', length: bytes.length }]), literalCoding: coding }
    await assert.rejects(
      collect(applied(recipe, [], openLiterals(stream(sent), coding))),
      { code: 'RECIPE_INVALID' },
      what,
    )
  }
})

test('a literal bomb is stopped at the size its ops allow, not after it has grown', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(400 * 1024 * 1024))
  assert.ok(bomb.length < 100_000)
  const before = process.memoryUsage().rss
  const recipe = sample([{ kind: 'literal', length: 1000 }])
  await assert.rejects(collect(applied(recipe, [], openLiterals(stream(bomb), 'zstd'))), {
    code: 'RECIPE_INVALID',
    message: /more literal bytes/,
  })
  assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024)
})

function sample(ops: RecipeOp[]): Recipe {
  return {
    size: ops.reduce((total, op) => total + op.length, 0),
    bases: [{ digest: { sha: 'ab'.repeat(32), size: 10_000 } }],
    dictionary: [],
    frames: [],
    ops,
    literalCoding: 'none',
  }
}

function assertWithinBounds({ size, bases, ops, dictionary, frames }: Recipe): void {
  assert.equal(
    ops.reduce((total, op) => total + op.length, 0),
    size,
  )
  for (const op of ops) assert.ok(op.length > 0)
  for (const { base, offset, length } of [
    ...ops.filter((op) => op.kind === 'copy'),
    ...dictionary,
  ]) {
    assert.ok(offset >= 0 && offset + length <= contentSize(bases[base]!))
  }
  if (frames.length === 0) return
  assert.ok(frames.every(({ length }) => length > 0 && length <= recipeLimits.frameBytes))
  assert.equal(
    frames.reduce((total, { length }) => total + length, 0),
    size,
  )
}

function edit(bytes: Buffer, { at, remove, insert }: Edit): Buffer {
  const from = Math.floor(at * bytes.length)
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)])
}

function chunk(algorithm: ChunkAlgorithm, bytes: Uint8Array): Base['map'] {
  const chunker = createChunker(algorithm)
  chunker.push(bytes)
  return chunker.end()
}

function baseOf(algorithm: ChunkAlgorithm, bytes: Uint8Array): Base {
  return { digest: digestOf(bytes), map: chunk(algorithm, bytes) }
}

async function roundTrip(
  algorithm: ChunkAlgorithm,
  bases: Buffer[],
  target: Buffer,
): Promise<Buffer> {
  const found = diff(
    bases.map((bytes) => baseOf(algorithm, bytes)),
    chunk(algorithm, target),
  )
  assert.ok(found)
  const sent = sendRecipe(
    { size: target.length, ...found, literalCoding: 'zstd', dictionary: [], frames: [] },
    sourceOf(target),
    Buffer.alloc(0),
  )
  const { recipe, codedLiterals } = await readRecipe(sent)
  const sources = recipe.bases.map(({ digest }) =>
    sourceOf(bases.find((bytes) => digestOf(bytes).sha === digest.sha)!),
  )
  return collect(applied(recipe, sources, openLiterals(codedLiterals, recipe.literalCoding)))
}

function applied(...recipe: Parameters<typeof applyRecipe>): AsyncGenerator<Uint8Array> {
  return bytesOf(applyRecipe(...recipe))
}

function sourceOf(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: async (target, offset) => bytes.copy(target, 0, offset),
    close: async () => {},
  }
}

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 5000) yield bytes.subarray(at, at + 5000)
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return Buffer.concat(parts)
}
