import type { BigIntStats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createFileReader, type DeltaSender, type FileReader } from '@shaman-farm/shaman/client'
import { PackError, systemCode } from '../errors.ts'
import type { HashCache } from './hash-cache.ts'
import { type Hashed, type Hasher, type HashRun, openHasher } from './hasher.ts'
import { createKeptBytes } from './kept-bytes.ts'

/** A file on disk with what identifies its bytes. */
export interface HashedFile {
  sha: string
  size: number
  /** All of it, when it is small and was kept, see {@link HashOptions.keep}. */
  bytes?: Uint8Array
}

/** How far hashing is; bytes found in the cache count as done at once. */
export interface HashProgress {
  filesDone: number
  filesTotal: number
  bytesDone: number
  bytesTotal: number
  /** Files whose digest came from the cache. */
  filesCached: number
}

/** Options of {@link hashFiles}. */
export interface HashOptions {
  cache: HashCache
  signal?: AbortSignal
  onProgress?: (progress: HashProgress) => void
  /** Threads that hash; by default as many as the work is worth. */
  threads?: number
  /** Most bytes of small files to return with their digests. Default: none. */
  keep?: number
  /** Hashes .blend files and keeps how they are cut, so that sending what changed in them reads them no second time. */
  delta?: Pick<DeltaSender, 'hash'> | undefined
}

interface UnhashedFile {
  readonly path: string
  readonly stats: BigIntStats
}

const statsAtOnce = 32
/** Files that wait to be hashed and cut: it has threads of its own for one or two. */
const deltaLanes = 2
const attemptsPerFile = 3
/** Files that are quick to read are read in one go; others' work has its turn so often. */
const longestTurnMs = 10

/** Digests of `files` (absolute paths, each once), by path. Memory does not grow with the files' sizes. */
export async function hashFiles(
  files: readonly string[],
  options: HashOptions,
): Promise<Map<string, HashedFile>> {
  const unique = [...new Set(files)]
  const digests = new Map<string, HashedFile>()
  const progress = { filesDone: 0, filesTotal: unique.length, filesCached: 0 }
  const bytes = { bytesDone: 0, bytesTotal: 0 }
  const report = (): void => options.onProgress?.({ ...progress, ...bytes })

  const reader = createFileReader()
  const toHash: UnhashedFile[] = []
  await inLanes(unique, statsAtOnce, async (path) => {
    options.signal?.throwIfAborted()
    const stats = await statFile(reader, path)
    const size = Number(stats.size)
    bytes.bytesTotal += size
    const sha = options.cache.lookUp(path, stats)
    if (sha === undefined) {
      toHash.push({ path, stats })
      return
    }
    digests.set(path, { sha, size })
    progress.filesDone += 1
    progress.filesCached += 1
    bytes.bytesDone += size
  })
  report()

  // The largest first: a long file started last would keep one lane busy after the others ran dry.
  toHash.sort((a, b) => Number(b.stats.size - a.stats.size))
  const { delta } = options
  const [edited, others] = delta ? partition(toHash, ({ path }) => isBlend(path)) : [[], toHash]
  const keeper = createKeptBytes(options.keep ?? 0)
  const hasher = openHasher(bytesOf(others), { reader, keeper }, options.threads)
  const hashAll = (part: readonly UnhashedFile[], lanes: number, hash: Hash): Promise<void> =>
    inLanes(part, lanes, async ({ path, stats }) => {
      const hashed = await hashUnchanged(
        path,
        stats,
        { reader, hash },
        {
          ...(options.signal ? { signal: options.signal } : {}),
          onBytes(count) {
            bytes.bytesDone += count
            report()
          },
        },
      )
      options.cache.record(path, hashed.stats, hashed.sha)
      const { sha, bytes: kept, stats: now } = hashed
      digests.set(path, { sha, size: Number(now.size), ...(kept && { bytes: kept }) })
      progress.filesDone += 1
      report()
    })
  try {
    await allSettled([
      hashAll(others, hasher.lanes, hasher.hash),
      delta ? hashAll(edited, deltaLanes, hashAndCut(delta)) : undefined,
    ])
  } finally {
    await hasher.close()
  }
  return digests
}

type Hash = Hasher['hash']

function hashAndCut(delta: Pick<DeltaSender, 'hash'>): Hash {
  return async (path, run) => ({ sha: (await delta.hash(path, run)).sha })
}

function isBlend(path: string): boolean {
  return /\.blend\d*$/i.test(path)
}

function bytesOf(files: readonly UnhashedFile[]): number {
  return files.reduce((sum, { stats }) => sum + Number(stats.size), 0)
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

/** A file that changes while it is read has no digest, so it is read again; a few times at most. */
async function hashUnchanged(
  path: string,
  known: BigIntStats,
  { reader, hash }: { reader: FileReader; hash: Hash },
  run: HashRun,
): Promise<Hashed & { stats: BigIntStats }> {
  let before = known
  for (let attempt = 1; attempt <= attemptsPerFile; attempt += 1) {
    let counted = 0
    const onBytes = (count: number): void => {
      counted += count
      run.onBytes(count)
    }
    const hashed = await hash(path, { ...run, onBytes }).catch((error: unknown) => {
      run.signal?.throwIfAborted()
      throw unreadable(path, error)
    })
    const after = await statFile(reader, path)
    if (sameStats(before, after) && counted === Number(after.size))
      return { ...hashed, stats: after }
    run.onBytes(-counted)
    before = after
  }
  throw new PackError('FILE_CHANGED', `${path} is being written while it is read`, {
    detail: { path },
    hint: 'Wait until the program that writes it has finished, then submit again.',
  })
}

function sameStats(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ino === b.ino
}

async function statFile(reader: FileReader, path: string): Promise<BigIntStats> {
  try {
    return await reader.stat(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): PackError {
  const code = systemCode(cause)
  const hints: Record<string, string> = {
    EACCES: 'Its permissions do not let you read it.',
    ENOENT: 'It was there a moment ago; was it moved or deleted?',
    EIO: 'The disk or the network share reports a fault.',
  }
  return new PackError('FILE_UNREADABLE', `Cannot read ${path} (${code ?? String(cause)})`, {
    detail: { path, system: code },
    cause,
    ...(code && hints[code] ? { hint: hints[code] } : {}),
  })
}

/** Works through `items` with `lanes` at a time; the first failure stops the rest. */
async function inLanes<Item>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  let turnBegan = performance.now()
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      await work(items[next++]!).catch((error: unknown) => {
        failed = true
        throw error
      })
      if (performance.now() - turnBegan < longestTurnMs) continue
      await nextTurn()
      turnBegan = performance.now()
    }
  }
  await allSettled(Array.from({ length: Math.min(lanes, items.length) }, lane))
}

/** Waits for all, also when one fails: none may go on working behind the caller's back. */
async function allSettled(works: readonly (Promise<void> | undefined)[]): Promise<void> {
  const outcomes = await Promise.allSettled(works)
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure) throw failure.reason
}
