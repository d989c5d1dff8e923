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

/** A part of a source. */
export interface SourcePart {
  readonly from: ByteSource
  readonly offset: number
  readonly length: number
}

/** Bytes, or where they lie: whoever has memory for them reads them into that. */
export type Piece = Uint8Array | SourcePart

/** Yields a part of a source in fresh pieces; `onShort` makes the error when it ends too early. */
export async function* readPart(
  { from, offset, length }: SourcePart,
  onShort: (offset: number) => Error,
): AsyncGenerator<Uint8Array> {
  const end = offset + length
  for (let at = offset; at < end; ) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - at))
    const bytesRead = await from.read(piece, at)
    if (bytesRead === 0) throw onShort(at)
    at += bytesRead
    yield piece.subarray(0, bytesRead)
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

/** Most bytes held at once while a file is read or written. */
export const pieceBytes = 1024 * 1024
