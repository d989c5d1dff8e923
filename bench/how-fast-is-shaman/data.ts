import { createHash, hash, randomFillSync } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createKeptBytes, hashFiles } from '@shaman-farm/pack'
import type { UploadFile } from '@shaman-farm/shaman/client'

/** Files of random bytes in folders of 100, as textures lie. */
export function makeTree(dir: string, count: number, sizeOf: (index: number) => number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const path = join(`set ${Math.floor(i / 100)}`, `file ${i}.png`)
    const file = join(dir, path)
    if (i % 100 === 0) mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, randomFillSync(Buffer.allocUnsafe(sizeOf(i))))
    return path
  })
}

export function makeFile(file: string, bytes: number): void {
  mkdirSync(dirname(file), { recursive: true })
  const piece = randomFillSync(Buffer.allocUnsafe(8 << 20))
  const fd = openSync(file, 'w')
  for (let at = 0, n = 0; at < bytes; n += 1) {
    piece.writeUInt32LE(n, 0)
    at += writeSync(fd, piece, 0, Math.min(piece.length, bytes - at))
  }
  // Else the system would write it later, beside what is measured.
  fsyncSync(fd)
  closeSync(fd)
}

/** What a client does first: reads and hashes every file. `keep`: most bytes of small ones not to read again, as pack does it. */
export function hashTree(
  dir: string,
  paths: readonly string[],
  { keep = 0 }: { keep?: number } = {},
): UploadFile[] {
  const kept = createKeptBytes(keep)
  const buffer = Buffer.allocUnsafe(1 << 20)
  return paths.map((path) => {
    const file = join(dir, path)
    const read = readWhole(file, buffer)
    const bytes = kept.keep(read)
    const digest = { sha: hash('sha256', read), size: read.length }
    return { path, digest, source: bytes ? { bytes } : { file } }
  })
}

/** All of a file, in the buffer if it fits. */
function readWhole(file: string, buffer: Buffer): Buffer {
  const fd = openSync(file, 'r')
  try {
    const read = readSync(fd, buffer, 0, buffer.length, null)
    return read < buffer.length ? buffer.subarray(0, read) : readFileSync(file)
  } finally {
    closeSync(fd)
  }
}

/** The same for much, as pack does it: in threads. */
export async function hashInThreads(dir: string, paths: readonly string[]): Promise<UploadFile[]> {
  const cache = { lookUp: () => undefined, record() {}, forget() {}, async close() {} }
  const digests = await hashFiles(
    paths.map((path) => join(dir, path)),
    { cache },
  )
  return paths.map((path) => {
    const file = join(dir, path)
    return { path, digest: digests.get(file)!, source: { file } }
  })
}

/** Bytes a second of one core's SHA-256. */
export function sha256Speed(): number {
  const piece = Buffer.alloc(8 << 20, 7)
  const hasher = createHash('sha256')
  const started = performance.now()
  let bytes = 0
  for (; performance.now() - started < 800; bytes += piece.length) hasher.update(piece)
  hasher.digest()
  return (bytes * 1000) / (performance.now() - started)
}
