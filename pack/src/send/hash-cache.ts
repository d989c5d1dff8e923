import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { userCacheDir } from '@shaman-farm/terminal/cache-dir'

/**
 * Remembers the SHA-256 of files that have not changed since it was computed.
 *
 * The file is JSON lines: a header, then one entry a line, a later line replacing an earlier one of the same key. Two
 * submissions may append at once. Anything unreadable in it counts as absent: the worst that a damaged cache can do
 * is to make us hash again.
 */
export interface HashCache {
  /** The SHA-256 in hex, if the file at `path` with these `stats` is known not to have changed. */
  lookUp(path: string, stats: BigIntStats): string | undefined
  /** Remembers `sha` for a file whose `stats` were the same before and after hashing. */
  record(path: string, stats: BigIntStats, sha: string): void
  /** Forgets a file, for instance because the manager received other bytes than we hashed. */
  forget(path: string, stats: BigIntStats): void
  /** Writes what is new. Failing to write is no failure of the submission, so it never throws. */
  close(): Promise<void>
}

/** Options of {@link openHashCache}. */
export interface HashCacheOptions {
  /** The cache file; by default one per user. */
  file?: string
  now?: () => number
  platform?: NodeJS.Platform
}

interface Entry {
  key: string
  size: string
  mtimeNs: string
  ctimeNs: string
  ino: string
  sha: string
  hashedAt: number
}

const header = '{"shaman-farm-hash-cache":1}'

// A file written within the clock's grain of being hashed may have changed again with the same times. Three seconds
// cover FAT and SMB, whose times have a grain of two.
const racyNs = 3_000_000_000n
const maxEntries = 1_000_000
const maxFileBytes = 512 * 1024 * 1024

/** Opens the cache; a missing or damaged file is an empty cache. */
export async function openHashCache(options: HashCacheOptions = {}): Promise<HashCache> {
  const file = options.file ?? join(userCacheDir(), 'hashes.jsonl')
  const now = options.now ?? Date.now
  const platform = options.platform ?? process.platform
  const { entries, lines, sound } = parseCache(await readCache(file))
  const added = new Map<string, Entry | undefined>()

  return {
    lookUp(path, stats) {
      const entry = entries.get(keyOf(path, stats, platform))
      return entry && isCurrent(entry, stats, platform) ? entry.sha : undefined
    },
    record(path, stats, sha) {
      const entry: Entry = {
        key: keyOf(path, stats, platform),
        size: String(stats.size),
        mtimeNs: String(stats.mtimeNs),
        ctimeNs: String(stats.ctimeNs),
        ino: String(stats.ino),
        sha,
        hashedAt: now(),
      }
      entries.set(entry.key, entry)
      added.set(entry.key, entry)
    },
    forget(path, stats) {
      const key = keyOf(path, stats, platform)
      if (entries.delete(key)) added.set(key, undefined)
    },
    async close() {
      if (added.size === 0) return
      const compact = !sound || lines + added.size > 2 * entries.size + 1000
      const write = compact
        ? rewrite(file, newest(entries))
        : append(file, [...added].map(([key, entry]) => lineOf(key, entry)).join(''))
      added.clear()
      await write.catch(() => undefined)
    },
  }
}

function keyOf(path: string, stats: BigIntStats, platform: NodeJS.Platform): string {
  const absolute = resolve(path)
  return `${stats.dev}:${platform === 'win32' ? absolute.toLowerCase() : absolute}`
}

function isCurrent(entry: Entry, stats: BigIntStats, platform: NodeJS.Platform): boolean {
  if (entry.size !== String(stats.size) || entry.mtimeNs !== String(stats.mtimeNs)) return false
  // Windows' change time and SMB's inode numbers move without the content moving.
  if (platform !== 'win32') {
    if (entry.ctimeNs !== String(stats.ctimeNs) || entry.ino !== String(stats.ino)) return false
  }
  const changedNs =
    platform === 'win32' || stats.mtimeNs > stats.ctimeNs ? stats.mtimeNs : stats.ctimeNs
  return changedNs < BigInt(Math.trunc(entry.hashedAt)) * 1_000_000n - racyNs
}

async function readCache(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8')
    return text.length > maxFileBytes ? '' : text
  } catch {
    return ''
  }
}

function parseCache(text: string): { entries: Map<string, Entry>; lines: number; sound: boolean } {
  const entries = new Map<string, Entry>()
  const [first, ...rest] = text.split('\n')
  if (first !== header) return { entries, lines: 0, sound: false }
  let sound = text.endsWith('\n')
  for (const line of rest) {
    if (line === '') continue
    const parsed = parseLine(line)
    if (!parsed) sound = false
    else if (parsed.entry) entries.set(parsed.key, parsed.entry)
    else entries.delete(parsed.key)
  }
  return { entries, lines: rest.length, sound }
}

function parseLine(line: string): { key: string; entry: Entry | undefined } | undefined {
  try {
    const fields: unknown = JSON.parse(line)
    if (!Array.isArray(fields)) return undefined
    const [key, size, mtimeNs, ctimeNs, ino, sha, hashedAt] = fields as unknown[]
    if (typeof key !== 'string') return undefined
    if (fields.length === 1) return { key, entry: undefined }
    const texts = [size, mtimeNs, ctimeNs, ino]
    if (!texts.every((text) => typeof text === 'string' && /^-?\d+$/.test(text))) return undefined
    if (typeof sha !== 'string' || !/^[0-9a-f]{64}$/.test(sha)) return undefined
    if (typeof hashedAt !== 'number' || !Number.isFinite(hashedAt)) return undefined
    const [sizeText, mtimeText, ctimeText, inoText] = texts as [string, string, string, string]
    return {
      key,
      entry: {
        key,
        size: sizeText,
        mtimeNs: mtimeText,
        ctimeNs: ctimeText,
        ino: inoText,
        sha,
        hashedAt,
      },
    }
  } catch {
    return undefined
  }
}

function lineOf(key: string, entry: Entry | undefined): string {
  const fields = entry
    ? [key, entry.size, entry.mtimeNs, entry.ctimeNs, entry.ino, entry.sha, entry.hashedAt]
    : [key]
  return `${JSON.stringify(fields)}\n`
}

function newest(entries: Map<string, Entry>): Entry[] {
  const all = [...entries.values()]
  if (all.length <= maxEntries) return all
  return all.sort((a, b) => b.hashedAt - a.hashedAt).slice(0, maxEntries)
}

/** One write at the end of the file, so that two submissions do not cut each other's lines. */
async function append(file: string, text: string): Promise<void> {
  await using handle = await openForAppend(file)
  await handle.write(Buffer.from(text))
}

async function openForAppend(file: string): Promise<FileHandle> {
  return open(file, constants.O_WRONLY | constants.O_APPEND)
}

async function rewrite(file: string, entries: readonly Entry[]): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  await mkdir(dirname(file), { recursive: true })
  try {
    await using handle = await open(temporary, 'w', 0o600)
    await handle.writeFile(
      (function* () {
        yield `${header}\n`
        for (const entry of entries) yield lineOf(entry.key, entry)
      })(),
    )
    await handle.close()
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
