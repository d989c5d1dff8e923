import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { type Digest, parseDigest } from '../digest.ts'
import type { LooseBytes } from './chunk-lists.ts'
import { type ChunkMap, decodeChunkMap, encodeChunkMap } from './chunk-map.ts'
import { recipeLimits } from './recipe.ts'
import { createByteReader, createByteWriter } from './varint.ts'

/** A file as it was when the store last took it. */
export interface Remembered {
  readonly digest: Digest
  readonly map: ChunkMap
  readonly loose?: LooseBytes
  /** It was unlike the version before it. */
  readonly wasStrange?: boolean
  /** Compressed by another zstd than ours. */
  readonly isForeign?: boolean
}

/** A file whose last version resembled nothing; the next few are not even looked at. */
export interface Resting {
  readonly versionsLeft: number
}

/** What was last sent of each path, on this machine. A hint: losing it costs bytes, never correctness. */
export interface DeltaHistory {
  recall(file: string): Promise<Remembered | Resting | undefined>
  remember(file: string, version: Remembered | Resting): Promise<void>
  forget(file: string): Promise<void>
}

const magic = 'SDH3'
const pack = promisify(zstdCompress)
const unpack = promisify(zstdDecompress)

/** Paths remembered: about 0.2 % of their bytes each. */
const mostPaths = 2000
const pruneEvery = 64

/** Where histories lie unless told otherwise: the user's cache directory. */
export function defaultHistoryDir(env: NodeJS.ProcessEnv = process.env): string {
  const cache =
    process.platform === 'win32'
      ? (env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
      : (env.XDG_CACHE_HOME ?? join(homedir(), '.cache'))
  return join(cache, 'shaman-farm', 'delta')
}

/** Opens the history in a directory, one file per path. It may be deleted at any time. */
export function openHistory(dir: string): DeltaHistory {
  let writes = 0
  const fileFor = (file: string): string =>
    join(dir, `${createHash('sha256').update(resolve(file)).digest('hex').slice(0, 40)}.sdh`)

  return {
    async recall(file) {
      try {
        const found = await decode(await readFile(fileFor(file)))
        const now = new Date()
        await utimes(fileFor(file), now, now)
        return found
      } catch {
        // Absent, torn, of another version or unreadable: as good as never sent.
        return undefined
      }
    },
    async remember(file, version) {
      await mkdir(dir, { recursive: true })
      const temp = join(dir, `${randomUUID()}.tmp`)
      await writeFile(temp, await encode(version))
      await rename(temp, fileFor(file))
      if (writes++ % pruneEvery === 0) await prune(dir)
    },
    forget: (file) => rm(fileFor(file), { force: true }),
  }
}

async function encode(version: Remembered | Resting): Promise<Uint8Array> {
  if ('versionsLeft' in version) return encodeResting(version)
  const { digest, map, loose, wasStrange = false, isForeign = false } = version
  const encodedMap = encodeChunkMap(map)
  const bytes = loose === undefined ? Buffer.alloc(0) : await pack(loose.bytes)
  const writer = createByteWriter(256 + encodedMap.length + bytes.length)
  writer.bytes(Buffer.from(magic, 'latin1'))
  writer.varint(0)
  writer.byte(Number(wasStrange) + 2 * Number(isForeign))
  writer.bytes(Buffer.from(digest.sha, 'hex'))
  writer.varint(digest.size)
  writer.varint(encodedMap.length)
  writer.bytes(encodedMap)
  writer.varint(loose?.ranges.length ?? 0)
  for (const { offset, length } of loose?.ranges ?? []) {
    writer.varint(offset)
    writer.varint(length)
  }
  writer.bytes(bytes)
  return writer.finish()
}

function encodeResting({ versionsLeft }: Resting): Uint8Array {
  const writer = createByteWriter()
  writer.bytes(Buffer.from(magic, 'latin1'))
  writer.varint(versionsLeft)
  return writer.finish()
}

async function decode(bytes: Uint8Array): Promise<Remembered | Resting> {
  const reader = createByteReader(bytes, (reason) => new Error(reason))
  if (reader.text(magic.length) !== magic) throw new Error('another format')
  const versionsLeft = reader.varint()
  if (versionsLeft > 0) return { versionsLeft }
  const flags = reader.byte()
  const [wasStrange, isForeign] = [(flags & 1) !== 0, (flags & 2) !== 0]
  const sha = Buffer.from(reader.bytes(32)).toString('hex')
  const digest = parseDigest(sha, reader.varint())
  const map = decodeChunkMap(reader.bytes(reader.varint()))
  const count = reader.varint()
  if (count > recipeLimits.dictionaryRanges) throw new Error('too many ranges')
  if (count === 0) return { digest, map, wasStrange, isForeign }
  const ranges = Array.from({ length: count }, () => ({
    offset: reader.varint(),
    length: reader.varint(),
  }))
  const length = ranges.reduce((total, range) => total + range.length, 0)
  if (length > recipeLimits.dictionaryBytes) throw new Error('too long a dictionary')
  const loose = await unpack(reader.bytes(reader.remaining()), {
    maxOutputLength: length,
    // In one piece: the default of 16 KiB costs a call and a copy for each.
    chunkSize: Math.max(64, length),
  })
  return { digest, map, wasStrange, isForeign, loose: { ranges, bytes: loose } }
}

/** Keeps the paths sent last. */
async function prune(dir: string): Promise<void> {
  const names = await readdir(dir)
  if (names.length <= mostPaths) return
  const files = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(dir, name))).mtimeMs })),
  )
  const oldest = files.toSorted((a, b) => b.used - a.used).slice(mostPaths)
  await Promise.all(oldest.map(({ name }) => rm(join(dir, name), { force: true })))
}
