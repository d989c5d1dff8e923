import { open } from 'node:fs/promises'

/** Bytes that can be read at any offset: a file, or what it holds unpacked. */
export interface ByteSource {
  readonly size: number
  /** Fills `target` from `offset` on and tells how many bytes there were. */
  read(target: Uint8Array, offset: number): Promise<number>
  close(): Promise<void>
}

/** A file as it is. */
export interface FileSource extends ByteSource {
  /** For threads; good until the source is closed. */
  readonly fd: number
}

/** Opens a file. */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    return {
      size,
      fd: file.fd,
      read: async (target, offset) => (await file.read(target, 0, target.length, offset)).bytesRead,
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Yields a part of a source in pieces, which are fresh unless `allocate` gives out memory again;
 * `onShort` makes the error when it ends too early.
 */
export async function* readPart(
  source: ByteSource,
  part: { readonly offset: number; readonly length: number },
  onShort: (offset: number) => Error,
  allocate: (length: number) => Uint8Array = Buffer.allocUnsafeSlow,
): AsyncGenerator<Uint8Array> {
  const end = part.offset + part.length
  for (let at = part.offset; at < end; ) {
    const piece = allocate(Math.min(pieceBytes, end - at))
    const bytesRead = await source.read(piece, at)
    if (bytesRead === 0) throw onShort(at)
    at += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}

/** Memory for pieces that are good until the next but one is asked for. Collecting fresh ones took as long as hashing them. */
export function createPiecePool(): (length: number) => Uint8Array {
  const pool: Buffer[] = []
  let next = 0
  return (length) => {
    const index = next++ % pooledPieces
    pool[index] ??= Buffer.allocUnsafeSlow(pieceBytes)
    return pool[index].subarray(0, length)
  }
}

/** Asks for the next piece while the last one is worked on. */
export async function* readAhead<T>(pieces: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]()
  let next = ask()
  try {
    for (let result = await next; !result.done; result = await next) {
      next = ask()
      yield result.value
    }
  } finally {
    // Not awaited: what was asked for may wait for a client that sends nothing.
    void iterator.return?.().catch(() => {})
  }

  function ask(): Promise<IteratorResult<T>> {
    const asked = iterator.next()
    // Awaited a piece later; until then a failure must not count as unhandled.
    asked.catch(() => {})
    return asked
  }
}

/** One is written, one is ready, one is being read. */
const pooledPieces = 3

/** Most bytes held at once while a file is read or written. */
export const pieceBytes = 1024 * 1024
