import { constants } from 'node:fs'
import { type Digest, digestOf } from '../digest.ts'
import { type Disk, removeQuietly, writeAllSync } from '../disk.ts'
import type { Layout } from '../layout.ts'
import type { VerifiedFile } from './namer.ts'
import { verifyDigest } from './temp-file.ts'
import type { Threads } from './threads.ts'
import { createWritePool, type NewFile } from './write-pool.ts'

/** Turns small blobs that are in memory into verified files. */
export interface SmallWriter {
  /** A file or an error for each, in their order; never rejects. Those that are alone are written at once. */
  write(
    blobs: readonly SmallBlob[],
    options: { isAlone: boolean },
  ): Promise<(VerifiedFile | Error)[]>
  /** Undefined while there is room for more. */
  room(): Promise<void> | undefined
}

/** A small blob, in memory whole. */
export interface SmallBlob {
  digest: Digest
  bytes: Uint8Array
}

interface SmallWriterParts {
  layout: Layout
  disk: Disk
  /** They hash and write what is not alone; without them the calling thread does. */
  threads: Threads | undefined
  tempDir: string
  nextTemp(): string
}

/** Creates the writer of a store. */
export function createSmallWriter(parts: SmallWriterParts): SmallWriter {
  const { layout, disk, threads, tempDir, nextTemp } = parts
  const pool = threads && createWritePool({ threads, disk, dir: tempDir })

  return {
    async write(blobs, { isAlone }) {
      // Threads compare the SHA-256 alone.
      if (!pool || isAlone || !blobs.every(isOfItsSize)) return blobs.map(writeHere)
      const files = blobs.map(newFile)
      const written = await pool.write(files)
      return blobs.map(({ digest }, i) => {
        const temp = written[i]!
        return temp instanceof Error ? temp : { digest, temp }
      })
    },
    room: () => pool?.room(),
  }

  function newFile({ digest, bytes }: SmallBlob): NewFile {
    return { dir: layout.ownDirOf(digest), sha: digest.sha, bytes }
  }

  function writeHere({ digest, bytes }: SmallBlob): VerifiedFile | Error {
    try {
      verifyDigest(digestOf(bytes), digest)
      const temp = nextTemp()
      writeNew(disk, temp, bytes)
      return { digest, temp }
    } catch (error) {
      return error as Error
    }
  }
}

function isOfItsSize({ digest, bytes }: SmallBlob): boolean {
  return bytes.byteLength === digest.size
}

function writeNew(disk: Disk, path: string, bytes: Uint8Array): void {
  const fd = disk.openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o444)
  try {
    try {
      writeAllSync(disk, fd, bytes)
    } finally {
      disk.closeSync(fd)
    }
  } catch (error) {
    removeQuietly(disk, path)
    throw error
  }
}
