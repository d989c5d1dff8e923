import { createHash, hash } from 'node:crypto'
import {
  type Digest,
  digestBytes,
  digestKey,
  type KeyedDigest,
  readDigest,
  sameDigest,
  withKey,
  writeDigest,
} from './digest.ts'
import { ShamanError } from './errors.ts'
import { checkFilePath, foldPath } from './paths.ts'

/** One file of a checkout. */
export interface ManifestFile extends Digest {
  readonly path: string
}

/** Facts of a checkout kept beside its files. */
export interface ManifestHeader {
  readonly seq: number
  /** The checkout's path under `jobs/`. */
  readonly path: string
  /** When it was made, in ms since 1970. */
  readonly created: number
  /** Name of the staging directory it was made in; while that exists, the checkout was never published. */
  readonly staging: string
  readonly pinned: boolean
  /** Files, and the bytes of their distinct contents. */
  readonly files: number
  readonly bytes: number
  /** Bytes that arrived for this checkout and not for an earlier one, as far as is known. */
  readonly uploadedBytes: number
  readonly uploadedFiles: number
  /** Tells the request that made it, see {@link requestOf}; absent when that named itself by no key. */
  readonly request?: string
}

/** A submission's sorted list of paths and digests: what a checkout is one form of. */
export interface Manifest {
  readonly header: ManifestHeader
  readonly files: readonly ManifestFile[]
}

const magic = 'SHM1'

/**
 * Checks and sorts a checkout's files. The same path twice with the same digest counts once. Throws `PATH_UNSAFE` for a
 * path that cannot be used, or that collides with another where case or Unicode form do not count.
 */
export function canonicalFiles(files: readonly ManifestFile[]): ManifestFile[] {
  const byFold = new Map<string, ManifestFile>()
  const folders = new Set<string>()
  for (const file of files) {
    checkFilePath(file.path)
    const fold = foldPath(file.path)
    const rival = byFold.get(fold)
    if (rival === undefined) {
      byFold.set(fold, file)
      addFolders(folders, fold)
    } else if (rival.path !== file.path || !sameDigest(rival, file)) {
      throw collision(rival.path, file.path)
    }
  }
  for (const [fold, file] of byFold) {
    if (folders.has(fold)) throw collision(file.path, `${file.path}/…`)
  }
  return [...byFold.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function addFolders(folders: Set<string>, path: string): void {
  let at = path.lastIndexOf('/')
  while (at > 0) {
    const folder = path.slice(0, at)
    if (folders.has(folder)) return
    folders.add(folder)
    at = path.lastIndexOf('/', at - 1)
  }
}

function collision(a: string, b: string): ShamanError {
  return new ShamanError(
    'PATH_UNSAFE',
    `the paths ${JSON.stringify(a)} and ${JSON.stringify(b)} cannot both be in a checkout`,
    {
      detail: { a, b },
      hint: 'Some file systems take them for the same name; rename one of them.',
    },
  )
}

/** The distinct digests of files, in the order of their first mention. */
export function distinctDigests(files: Iterable<Digest>): KeyedDigest[] {
  const seen = new Map<string, KeyedDigest>()
  for (const file of files) {
    const digest = withKey(file)
    if (!seen.has(digest.digestKey)) seen.set(digest.digestKey, digest)
  }
  return [...seen.values()]
}

/** What a request for a checkout is known by when it comes again: its key with all that it asks for. */
export function requestOf(key: string, path: string, files: readonly ManifestFile[]): string {
  const sum = createHash('sha256').update(JSON.stringify([key, path]))
  // Some at a time: each call takes as long as hashing some hundred bytes.
  for (let at = 0; at < files.length; at += filesPerUpdate) {
    const lines = files
      .slice(at, at + filesPerUpdate)
      .map((file) => `${digestKey(file)} ${file.path}\n`)
    sum.update(lines.join(''))
  }
  return sum.digest('hex')
}

const filesPerUpdate = 256

/**
 * A manifest as bytes: magic, lengths of header and paths, header as JSON, a 40-byte record per file, the paths as a JSON
 * list, and the SHA-256 of all that. The records stand alone so that a collector reads 5 million in a second.
 */
export function encodeManifest({ header, files }: Manifest): Buffer {
  const head = Buffer.from(JSON.stringify(header))
  const paths = Buffer.from(JSON.stringify(files.map((file) => file.path)))
  const recordsAt = 16 + head.length
  const pathsAt = recordsAt + files.length * digestBytes
  const bytes = Buffer.allocUnsafe(pathsAt + paths.length + 32)
  bytes.write(magic, 0, 4, 'latin1')
  bytes.writeUInt32BE(head.length, 4)
  bytes.writeUInt32BE(files.length, 8)
  bytes.writeUInt32BE(paths.length, 12)
  head.copy(bytes, 16)
  for (const [i, file] of files.entries()) writeDigest(bytes, recordsAt + i * digestBytes, file)
  paths.copy(bytes, pathsAt)
  const body = bytes.subarray(0, pathsAt + paths.length)
  bytes.write(hash('sha256', body, 'hex'), pathsAt + paths.length, 32, 'hex')
  return bytes
}

/** The reverse of {@link encodeManifest}; throws `MANIFEST_CORRUPT`. */
export function decodeManifest(bytes: Buffer): Manifest {
  const { header, recordsAt, count, pathsAt, pathsLength } = decodeParts(bytes)
  const paths = JSON.parse(bytes.toString('utf8', pathsAt, pathsAt + pathsLength)) as string[]
  const files = Array.from({ length: count }, (_, i) => ({
    ...readDigest(bytes, recordsAt + i * digestBytes),
    path: paths[i]!,
  }))
  return { header, files }
}

/** How much of a manifest {@link decodeHeader} needs at most. */
export const headerBytes = 16 + 64 * 1024

/** The header from a manifest's first bytes; unlike the others, without comparing the checksum. */
export function decodeHeader(start: Buffer): ManifestHeader {
  if (start.length < 16 || start.toString('latin1', 0, 4) !== magic) throw corrupt('not a manifest')
  const end = 16 + start.readUInt32BE(4)
  if (end > start.length) throw corrupt('it is cut off')
  try {
    return JSON.parse(start.toString('utf8', 16, end)) as ManifestHeader
  } catch {
    throw corrupt('its header is damaged')
  }
}

/** Only the header and the binary records of a manifest. */
export function decodeRecords(bytes: Buffer): { header: ManifestHeader; records: Buffer } {
  const { header, recordsAt, pathsAt } = decodeParts(bytes)
  return { header, records: bytes.subarray(recordsAt, pathsAt) }
}

interface Parts {
  header: ManifestHeader
  recordsAt: number
  count: number
  pathsAt: number
  pathsLength: number
}

function decodeParts(bytes: Buffer): Parts {
  if (bytes.length < 48 || bytes.toString('latin1', 0, 4) !== magic) throw corrupt('not a manifest')
  const headLength = bytes.readUInt32BE(4)
  const count = bytes.readUInt32BE(8)
  const pathsLength = bytes.readUInt32BE(12)
  const recordsAt = 16 + headLength
  const pathsAt = recordsAt + count * digestBytes
  if (pathsAt + pathsLength + 32 !== bytes.length) throw corrupt('it is cut off')
  const sum = bytes.toString('hex', bytes.length - 32)
  if (hash('sha256', bytes.subarray(0, -32), 'hex') !== sum) throw corrupt('its checksum is wrong')
  const header = JSON.parse(bytes.toString('utf8', 16, recordsAt)) as ManifestHeader
  return { header, recordsAt, count, pathsAt, pathsLength }
}

function corrupt(reason: string): ShamanError {
  return new ShamanError('MANIFEST_CORRUPT', `a checkout's manifest cannot be read: ${reason}`)
}
