import {
  closeSync,
  createReadStream,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress, gunzipSync } from 'node:zlib'
import { BlendError } from './errors.ts'
import { type ByteSource, bufferSource, fileSource, readFully, truncated } from './source.ts'
import { areSeekable, findFrames, isSkippable, type ZstdFrame, zstdSource } from './zstd.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

/** The decompressed bytes of a file, and how they lie on disk. */
export interface OpenedSource {
  readonly bytes: ByteSource
  readonly compression: Compression
  /** The file's own size. */
  readonly fileSize: number
  /** For zstd with frames that can be told apart: the bytes as stored, and the frames. */
  readonly zstd?: { readonly file: ByteSource; readonly frames: readonly ZstdFrame[] }
}

const readWhole = 4 * 1024 * 1024
const keepInMemory = 64 * 1024 * 1024
const chunkBytes = 1024 * 1024
const lookEveryBytes = 256 * 1024 * 1024
// What unpacks into a file of this machine leaves it so much: a few megabytes can unpack into more than any disk has.
const leaveFree = 1024 * 1024 * 1024

/** Opens a file for random access to its decompressed bytes. Memory stays bounded whatever its size. */
export async function openSource(path: string): Promise<OpenedSource> {
  const { file, size } = openRaw(path)
  try {
    return await openDecoded(file, size, (start, end) =>
      createReadStream(path, { start, end: end - 1, highWaterMark: chunkBytes }),
    )
  } catch (error) {
    file.close()
    throw error
  }
}

/** As {@link openSource}, for a file that lies in memory. */
export async function openBytes(bytes: Buffer): Promise<OpenedSource> {
  return openDecoded(bufferSource(bytes), bytes.length, (start, end) =>
    Readable.from([bytes.subarray(start, end)]),
  )
}

/** The file's bytes from `start` up to `end`. */
type StreamPart = (start: number, end: number) => Readable

async function openDecoded(
  file: ByteSource,
  size: number,
  stream: StreamPart,
): Promise<OpenedSource> {
  const compression = detect(file)
  const facts = { compression, fileSize: size }
  if (compression === 'none') return { bytes: file, ...facts }
  if (compression === 'gzip') return { bytes: await openGzip(file, stream), ...facts }
  const frames = findFrames(file)
  if (areSeekable(frames)) {
    return { bytes: zstdSource(file, frames), ...facts, zstd: { file, frames } }
  }
  const bytes = await spill(decodeFramesOf(stream, frames))
  file.close()
  return { bytes, ...facts }
}

/** The file as it is; small ones are read at once. The descriptor belongs to the source from here on. */
function openRaw(path: string): { file: ByteSource; size: number } {
  const fd = openForReading(path)
  let isOwned = false
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new BlendError('BLEND_NOT_A_BLEND', 'Not a file')
    isOwned = stat.size > readWhole
    const file = isOwned ? fileSource(fd, stat.size) : bufferSource(readFully(fd, 0, stat.size))
    return { file, size: stat.size }
  } finally {
    if (!isOwned) closeSync(fd)
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    const message = code === 'ENOENT' ? 'There is no such file' : `Can't be opened (${code})`
    throw new BlendError('BLEND_UNREADABLE', message, { errno: code }, { cause: error })
  }
}

function detect(file: ByteSource): Compression {
  const start = file.read(0, Math.min(4, file.size))
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return 'gzip'
  if (start.length < 4) return 'none'
  const word = start.readUInt32LE(0)
  return word === 0xfd2fb528 || isSkippable(word) ? 'zstd' : 'none'
}

async function openGzip(file: ByteSource, stream: StreamPart): Promise<ByteSource> {
  if (file.size <= readWhole) {
    try {
      const bytes = gunzipSync(file.read(0, file.size), { maxOutputLength: keepInMemory })
      return bufferSource(bytes)
    } catch (error) {
      if (errorCode(error) !== 'ERR_BUFFER_TOO_LARGE') throw decodeError(error)
    }
  }
  const bytes = await spill(decodeStream(stream(0, file.size), gunzip()))
  file.close()
  return bytes
}

function gunzip(): Transform {
  return createGunzip({ chunkSize: chunkBytes })
}

/** `pipe` alone would lose a read error. */
function decodeStream(raw: Readable, decoder: Transform): Transform {
  return pipeline(raw, decoder, () => {}) as Transform
}

/** Node's zstd stream ends with the first frame, so each gets a stream of its own. */
function decodeFramesOf(stream: StreamPart, frames: readonly ZstdFrame[]): Readable {
  const all = new PassThrough()
  const run = async (): Promise<void> => {
    for (const frame of frames) {
      const raw = stream(frame.start, frame.start + frame.length)
      for await (const chunk of decodeStream(
        raw,
        createZstdDecompress({ chunkSize: chunkBytes }),
      )) {
        if (!all.write(chunk)) await new Promise((resolve) => all.once('drain', resolve))
      }
    }
    all.end()
  }
  run().catch((error: unknown) => all.destroy(error as Error))
  return all
}

/** Keeps a stream's bytes for random access: in memory while they are few, then in an unnamed temporary file. */
async function spill(stream: Readable): Promise<ByteSource> {
  const parts: Buffer[] = []
  let size = 0
  let fd: number | undefined
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      parts.push(chunk)
      size += chunk.length
      if (fd === undefined && size <= keepInMemory) continue
      if (fd === undefined || size % lookEveryBytes < chunk.length) assertRoom(size)
      fd ??= unnamedTempFile()
      for (const part of parts.splice(0)) writeSync(fd, part)
    }
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    throw decodeError(error)
  }
  return fd === undefined ? bufferSource(Buffer.concat(parts, size)) : fileSource(fd, size)
}

function assertRoom(unpacked: number): void {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < leaveFree) throw noRoom(unpacked)
}

function noRoom(unpacked: number): BlendError {
  const message = `Unpacked it needs more room than there is in ${tmpdir()} (${unpacked} bytes so far)`
  return new BlendError('BLEND_NO_ROOM', message, { unpacked })
}

function unnamedTempFile(): number {
  const dir = mkdtempSync(join(tmpdir(), 'farm-blend-'))
  const fd = openSync(join(dir, 'decoded'), 'wx+', 0o600)
  // On Windows an open file can't be removed; there the system's temp cleaning does it.
  if (process.platform !== 'win32') rmSync(dir, { recursive: true, force: true })
  return fd
}

function decodeError(error: unknown): unknown {
  const code = errorCode(error)
  if (error instanceof BlendError) return error
  if (code === 'Z_BUF_ERROR') return truncated(0)
  if (code.startsWith('Z_') || code.startsWith('ZSTD_')) {
    const message = `The compressed data is damaged (${code})`
    return new BlendError('BLEND_CORRUPT', message, {}, { cause: error })
  }
  return error
}

function errorCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
