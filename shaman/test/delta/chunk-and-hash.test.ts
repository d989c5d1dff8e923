import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ChunkHasher, createChunkHasher } from '../../src/delta/chunk-and-hash.ts'
import { createChunker } from '../../src/delta/chunker.ts'
import { digestOf } from '../../src/digest.ts'
import { fresh, makeBlend } from './blend-samples.ts'

test('one pass gives the same digest and map as hashing and chunking apart', async (t) => {
  const { dir, hasher } = await setUp(t)
  const blend = makeBlend('64-little', [{ code: 'ME', payload: fresh(9_000_000) }])
  for (const [bytes, algorithm] of [
    [blend, 'blend1'],
    [fresh(5_000_001), 'fastcdc16'],
  ] as const) {
    const file = join(dir, algorithm)
    await writeFile(file, bytes)
    const chunker = createChunker(algorithm)
    chunker.push(bytes)
    const { digest, map, loose } = await hasher.chunkAndHash(file)
    assert.deepEqual({ digest, map }, { digest: digestOf(bytes), map: chunker.end() })
    assert.deepEqual(loose?.ranges, chunker.loose()?.ranges)
  }
})

test('whoever waits hears of every byte that is read, cut or not', async (t) => {
  const { dir, hasher } = await setUp(t)
  for (const size of [100, 5_000_000, 40_000_000]) {
    await writeFile(join(dir, 'file'), fresh(size))
    let heard = 0
    await hasher.chunkAndHash(join(dir, 'file'), { onBytes: (bytes) => (heard += bytes) })
    assert.equal(heard, size)
  }
})

test('a file too small for deltas gets a digest only', async (t) => {
  const { dir, hasher } = await setUp(t)
  await writeFile(join(dir, 'small'), 'hello')
  assert.deepEqual(await hasher.chunkAndHash(join(dir, 'small')), {
    digest: digestOf(Buffer.from('hello')),
  })
})

test('many files at once share the lanes and each get their own answer', async (t) => {
  const { dir, hasher } = await setUp(t)
  const files = Array.from({ length: 8 }, (_, index) => fresh(600_000 + index))
  const answers = await Promise.all(
    files.map(async (bytes, index) => {
      const file = join(dir, `${index}`)
      await writeFile(file, bytes)
      return hasher.chunkAndHash(file)
    }),
  )
  assert.deepEqual(
    answers.map(({ digest }) => digest),
    files.map(digestOf),
  )
})

test('a file that cannot be read is an error, and the lane works on', async (t) => {
  const { dir, hasher } = await setUp(t)
  await assert.rejects(hasher.chunkAndHash(join(dir, 'none'), { algorithm: 'fastcdc16' }), {
    code: 'ENOENT',
  })
  const bytes = fresh(700_000)
  await writeFile(join(dir, 'file'), bytes)
  assert.deepEqual((await hasher.chunkAndHash(join(dir, 'file'))).digest, digestOf(bytes))
})

test('an aborted file is rejected, and the lane works on', async (t) => {
  const { dir, hasher } = await setUp(t)
  const bytes = fresh(40_000_000)
  await writeFile(join(dir, 'file'), bytes)
  const abort = new AbortController()
  const running = hasher.chunkAndHash(join(dir, 'file'), { signal: abort.signal })
  setTimeout(() => abort.abort(), 5)
  await assert.rejects(running, { name: 'AbortError' })
  assert.deepEqual((await hasher.chunkAndHash(join(dir, 'file'))).digest, digestOf(bytes))
})

test('a hasher that is closed rejects what it was doing', async (t) => {
  const { dir, hasher } = await setUp(t)
  await writeFile(join(dir, 'file'), fresh(60_000_000))
  const running = hasher.chunkAndHash(join(dir, 'file'), { algorithm: 'fastcdc16' })
  const rejected = assert.rejects(running)
  await new Promise((resolve) => setTimeout(resolve, 10))
  await hasher.close()
  await rejected
})

test('a file unlike what it is compared with is not cut to its end, but hashed all the same', async (t) => {
  const { dir, hasher } = await setUp(t)
  const file = join(dir, 'file')
  const bytes = fresh(40 * 1024 * 1024)
  await writeFile(file, bytes)
  const { map } = await hasher.chunkAndHash(file)
  const foreign = new BigUint64Array(1000).map((_, index) => BigInt(index))
  const strange = { digest: digestOf(bytes), isStrange: true }
  assert.deepEqual(await hasher.chunkAndHash(file, { known: foreign }), strange)
  const { size, isStrange } = await hasher.chunk(file, { known: foreign })
  assert.equal(isStrange, true)
  assert.ok(size < bytes.length)
  assert.deepEqual((await hasher.chunkAndHash(file, { known: map!.hashes })).map, map)
  assert.deepEqual((await hasher.chunk(file, { known: map!.hashes })).map, map)
})

async function setUp(t: TestContext): Promise<{ dir: string; hasher: ChunkHasher }> {
  const dir = await mkdtemp(join(tmpdir(), 'shaman-chunks-'))
  const hasher = createChunkHasher({ lanes: 1 })
  t.after(async () => {
    await hasher.close()
    await rm(dir, { recursive: true, force: true })
  })
  return { dir, hasher }
}
