import { constants } from 'node:fs'
import { type Digest, digestOfFile, plainDigest, sameDigest } from '../digest.ts'
import { type Disk, removeQuietly } from '../disk.ts'
import { ShamanError } from '../errors.ts'
import type { FileWriter, ReadInto } from './file-writer.ts'

/** A blob that is still being written, under a name that can never be taken for one. */
export interface TempFile {
  readonly path: string
  /** Appends bytes; resolves when more may be given. */
  write(chunk: Uint8Array): Promise<void>
  /** Appends what `read` puts into the memory it is given; see {@link FileWriter.fill}. */
  fill(length: number, read: ReadInto): Promise<void>
  /** Tells that the bytes were (also) written by other means, so that {@link finish} must read the file again. */
  wroteElsewhere(): void
  /** Flushes, closes and compares with the digest: size first, then SHA-256. */
  finish(expected: Digest): Promise<void>
  /** Closes and removes; safe at any time, also twice. */
  discard(): Promise<void>
}

/** Of 100 MiB, half of the time that the sync at the end takes was spared by syncing beside what still arrives. */
const syncEveryBytes = 32 << 20

/** Opens a temp file that must not exist yet. `syncsAhead` makes the medium write its bytes while more arrive. */
export function openTempFile(
  disk: Disk,
  path: string,
  writer: FileWriter,
  { syncsAhead = false }: { syncsAhead?: boolean } = {},
): TempFile {
  const file = writer.open(path, { flags: constants.O_CREAT | constants.O_EXCL, mode: 0o444 })
  let isOpen = true
  let isGone = false
  let isForeign = false
  let unsynced = 0
  let syncing: Promise<void> | undefined
  let failure: unknown

  return {
    path,
    async write(chunk) {
      await writer.write(file, chunk)
      syncAfter(chunk.byteLength)
    },
    async fill(length, read) {
      await writer.fill(file, length, read)
      syncAfter(length)
    },
    wroteElsewhere() {
      isForeign = true
    },
    async finish(expected) {
      await writer.flush(file)
      await syncing
      if (failure !== undefined) throw failure
      close()
      const written = await writer.finish()
      verifyDigest(isForeign ? await digestOfFile(path) : written, expected)
    },
    async discard() {
      if (isGone) return
      isGone = true
      // First: a thread that still writes must not meet another file under the same number.
      await writer.discard()
      await syncing
      try {
        close()
      } catch {
        // The file goes away with whatever its close had to say.
      }
      removeQuietly(disk, path)
    },
  }

  function syncAfter(bytes: number): void {
    unsynced += bytes
    if (!syncsAhead || syncing || unsynced < syncEveryBytes) return
    unsynced = 0
    syncing = sync()
  }

  // Told once by the system, and no more to the sync that counts: whoever asks again would hear of success.
  async function sync(): Promise<void> {
    try {
      await disk.fdatasync(file.fd)
    } catch (error) {
      failure ??= error
    }
    syncing = undefined
  }

  function close(): void {
    if (!isOpen) return
    isOpen = false
    file.close()
  }
}

/** Throws `BLOB_SIZE_MISMATCH` or `BLOB_DIGEST_MISMATCH` unless both are the same blob. */
export function verifyDigest(got: Digest, expected: Digest): void {
  if (sameDigest(got, expected)) return
  throw mismatch(got, expected)
}

/** What is told of bytes that are another blob than they were said to be. */
export function mismatch(got: Digest, expected: Digest): ShamanError {
  if (got.size !== expected.size) {
    return new ShamanError(
      'BLOB_SIZE_MISMATCH',
      `received ${got.size} bytes, expected ${expected.size}`,
      { detail: { expected: plainDigest(expected), got } },
    )
  }
  return new ShamanError(
    'BLOB_DIGEST_MISMATCH',
    `the bytes received have the checksum ${got.sha}, expected ${expected.sha}`,
    {
      detail: { expected: plainDigest(expected), got },
      hint: 'The file probably changed while it was sent; send it again.',
    },
  )
}
