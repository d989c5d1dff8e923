import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import { openHashCache } from '../../src/send/hash-cache.ts'
import { type HashProgress, hashFiles } from '../../src/send/hash-files.ts'

const sha = 'a'.repeat(64)

test('a file that has not changed since it was hashed is found', async (t) => {
  const { file, cacheFile, later } = await setUp(t)
  const cache = await openHashCache({ file: cacheFile, now: later })
  cache.record(file, await bigStat(file), sha)
  await cache.close()
  const reopened = await openHashCache({ file: cacheFile, now: later })
  assert.equal(reopened.lookUp(file, await bigStat(file)), sha)
})

test('a file written less than three seconds before it was hashed is hashed again', async (t) => {
  const { file, cacheFile } = await setUp(t)
  const stats = await bigStat(file)
  const changedMs = Number(stats.ctimeNs / 1_000_000n)
  const cache = await openHashCache({ file: cacheFile, now: () => changedMs + 2_999 })
  cache.record(file, stats, sha)
  assert.equal(cache.lookUp(file, stats), undefined)
})

test('a file with other bytes and the old modification time is hashed again', async (t) => {
  const { file, cacheFile, later } = await setUp(t)
  const cache = await openHashCache({ file: cacheFile, now: later })
  const before = await bigStat(file)
  cache.record(file, before, sha)
  await writeFile(file, 'other')
  await utimes(file, mtimeOf(before), mtimeOf(before))
  const after = await bigStat(file)
  assert.equal(after.size, before.size)
  assert.equal(cache.lookUp(file, after), undefined)
})

test('a forgotten file stays forgotten after the cache is closed', async (t) => {
  const { file, cacheFile, later } = await setUp(t)
  const stats = await bigStat(file)
  const first = await openHashCache({ file: cacheFile, now: later })
  first.record(file, stats, sha)
  await first.close()
  const second = await openHashCache({ file: cacheFile, now: later })
  second.forget(file, stats)
  await second.close()
  const third = await openHashCache({ file: cacheFile, now: later })
  assert.equal(third.lookUp(file, stats), undefined)
})

test('a cache file full of junk is an empty cache and is mended', async (t) => {
  const { file, cacheFile, later } = await setUp(t)
  await writeFile(cacheFile, Buffer.from([0, 255, 254, 10, 123, 34]))
  const cache = await openHashCache({ file: cacheFile, now: later })
  const stats = await bigStat(file)
  assert.equal(cache.lookUp(file, stats), undefined)
  cache.record(file, stats, sha)
  await cache.close()
  const mended = await openHashCache({ file: cacheFile, now: later })
  assert.equal(mended.lookUp(file, stats), sha)
})

test('a line torn by a crash loses that entry only', async (t) => {
  const { file, cacheFile, later } = await setUp(t)
  const stats = await bigStat(file)
  const cache = await openHashCache({ file: cacheFile, now: later })
  cache.record(file, stats, sha)
  await cache.close()
  await appendFile(cacheFile, '["1:/half/a/li')
  const reopened = await openHashCache({ file: cacheFile, now: later })
  assert.equal(reopened.lookUp(file, stats), sha)
})

test('two submissions that end together both keep what they hashed', async (t) => {
  const { dir, file, cacheFile, later } = await setUp(t)
  const other = join(dir, 'other.png')
  await writeFile(other, 'other file')
  const seed = await openHashCache({ file: cacheFile, now: later })
  seed.record(join(dir, 'seed'), await bigStat(file), sha)
  await seed.close()
  const one = await openHashCache({ file: cacheFile, now: later })
  const two = await openHashCache({ file: cacheFile, now: later })
  one.record(file, await bigStat(file), sha)
  two.record(other, await bigStat(other), 'b'.repeat(64))
  await Promise.all([one.close(), two.close()])
  const both = await openHashCache({ file: cacheFile, now: later })
  assert.equal(both.lookUp(file, await bigStat(file)), sha)
  assert.equal(both.lookUp(other, await bigStat(other)), 'b'.repeat(64))
})

test('a cache that cannot be written does not fail the submission', async (t) => {
  const { dir, file, later } = await setUp(t)
  const cache = await openHashCache({ file: join(file, 'not-a-folder', 'hashes'), now: later })
  cache.record(file, await bigStat(file), sha)
  await cache.close()
  assert.equal((await readFile(join(dir, 'a.png'), 'utf8')).length, 5)
})

test('files are hashed once and then found in the cache', async (t) => {
  const { dir, file, cacheFile, later } = await setUp(t)
  const big = join(dir, 'big.bin')
  const bytes = Buffer.alloc(3_500_001, 'frame')
  await writeFile(big, bytes)
  const cache = await openHashCache({ file: cacheFile, now: later })
  const first = await hashFiles([file, big, file], { cache })
  assert.deepEqual(first.get(big), {
    sha: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
  })
  const progress: number[] = []
  const second = await hashFiles([file, big], {
    cache,
    onProgress: ({ filesCached }) => progress.push(filesCached),
  })
  assert.deepEqual(second.get(big), first.get(big))
  assert.deepEqual(progress, [2])
})

test('small files come with their bytes as they were hashed, as long as there is room', async (t) => {
  const { dir, cacheFile } = await setUp(t)
  const files: string[] = []
  for (const [name, size] of [
    ['empty', 0],
    ['texture', 900],
    ['other', 800],
    ['large', 70_000],
  ] as const) {
    files.push(join(dir, name))
    await writeFile(join(dir, name), Buffer.alloc(size, name))
  }
  const cache = await openHashCache({ file: cacheFile })
  const bytesOf = async (keep?: number): Promise<(number | undefined)[]> => {
    const digests = await hashFiles(files, { cache, ...(keep !== undefined && { keep }) })
    return files.map((file) => {
      const { sha, bytes } = digests.get(file)!
      if (bytes) assert.equal(createHash('sha256').update(bytes).digest('hex'), sha)
      return bytes?.byteLength
    })
  }
  assert.deepEqual(await bytesOf(), [undefined, undefined, undefined, undefined])
  assert.deepEqual(await bytesOf(1000), [0, 900, undefined, undefined])
  assert.deepEqual(await bytesOf(1 << 20), [0, 900, 800, undefined])
})

test('several threads compute the same digests, and count every byte', async (t) => {
  const { dir, cacheFile } = await setUp(t)
  const sizes = [0, 1, 1_048_576, 17_000_000, 40_000_000]
  const files = await Promise.all(
    sizes.map(async (size) => {
      await writeFile(join(dir, `${size}`), Buffer.alloc(size, `${size}`))
      return join(dir, `${size}`)
    }),
  )
  const hashWith = async (threads: number): Promise<[Map<string, unknown>, number]> => {
    const cache = await openHashCache({ file: `${cacheFile}-${threads}` })
    let done = 0
    const onProgress = ({ bytesDone }: { bytesDone: number }): number => (done = bytesDone)
    return [await hashFiles(files, { cache, threads, onProgress }), done]
  }
  const [alone, bytes] = await hashWith(1)
  assert.equal(
    bytes,
    sizes.reduce((sum, size) => sum + size),
  )
  const [together, counted] = await hashWith(3)
  // In the order in which they were finished.
  assert.deepEqual([...together].sort(), [...alone].sort())
  assert.equal(counted, bytes)
})

for (const threads of [1, 2]) {
  test(`a file that cannot be read is named, with threads: ${threads}`, async (t) => {
    const { dir, file, cacheFile } = await setUp(t)
    const cache = await openHashCache({ file: cacheFile })
    const named = (name: string) => (error: Error) => {
      assert.equal((error as { code?: string }).code, 'FILE_UNREADABLE')
      return error.message.includes(name)
    }
    const gone = join(dir, 'gone.png')
    await assert.rejects(hashFiles([file, gone], { cache, threads }), named('gone.png'))
    // A directory can be looked at, but not read.
    await assert.rejects(hashFiles([file, dir], { cache, threads }), named(dir))
  })

  test(`hashing stops when it is canceled, with threads: ${threads}`, async (t) => {
    const { dir, file, cacheFile } = await setUp(t)
    const cache = await openHashCache({ file: cacheFile })
    const signal = AbortSignal.abort()
    await assert.rejects(hashFiles([file], { cache, threads, signal }), { name: 'AbortError' })
    const stop = new AbortController()
    const big = join(dir, 'big.bin')
    await writeFile(big, Buffer.alloc(60_000_000))
    const onProgress = ({ bytesDone }: { bytesDone: number }): void => {
      if (bytesDone > 0) stop.abort()
    }
    const hashing = hashFiles([big], { cache, threads, signal: stop.signal, onProgress })
    await assert.rejects(hashing, { name: 'AbortError' })
  })
}

test('.blend files are hashed by whoever sends what changed in them, each read once', async (t) => {
  const { dir, file, cacheFile, later } = await setUp(t)
  const blends = [join(dir, 'shot.blend'), join(dir, 'old.BLEND1')]
  for (const [index, blend] of blends.entries()) await writeFile(blend, `BLENDER ${index}`)
  const asked: string[] = []
  const delta = {
    async hash(path: string, run?: { onBytes?: (bytes: number) => void }) {
      asked.push(path)
      return digestOfFile(path, run)
    },
  }
  const cache = await openHashCache({ file: cacheFile, now: later })
  const done: HashProgress[] = []
  const onProgress = (progress: HashProgress): number => done.push(progress)
  const digests = await hashFiles([file, ...blends], { cache, delta, onProgress })
  assert.deepEqual(asked.sort(), blends.toSorted())
  assert.deepEqual(digests.get(blends[0]!), await digestOfFile(blends[0]!))
  assert.equal(digests.size, 3)
  assert.equal(done.at(-1)?.bytesDone, done.at(-1)?.bytesTotal)
  await hashFiles([file, ...blends], { cache, delta })
  assert.equal(asked.length, 2, 'what the cache knows is not read')
})

async function setUp(
  t: TestContext,
): Promise<{ dir: string; file: string; cacheFile: string; later: () => number }> {
  const dir = await mkdtemp(join(tmpdir(), 'hash-cache-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'a.png')
  await writeFile(file, 'first')
  const cacheFile = join(dir, 'cache', 'hashes.jsonl')
  await mkdir(join(dir, 'cache'))
  return { dir, file, cacheFile, later: () => Date.now() + 60_000 }
}

function bigStat(path: string): Promise<BigIntStats> {
  return stat(path, { bigint: true })
}

function mtimeOf(stats: { mtimeNs: bigint }): Date {
  return new Date(Number(stats.mtimeNs / 1_000_000n))
}
