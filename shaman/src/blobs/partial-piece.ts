import type { Disk } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import type { Durability } from '../sync.ts'
import type { AppendFile } from './append-file.ts'
import type { FileWriter } from './file-writer.ts'

/** One request's bytes on their way to the end of a resumable upload. */
export interface Piece {
  take(chunk: Uint8Array): Promise<void>
  /** Makes what was taken durable, also after an interruption; throws the first error there was. */
  settle(): Promise<void>
  /** Bytes of the upload with this piece's, durable or not. */
  received(): number
}

/** What a piece works with. */
export interface PieceParts {
  /** Bytes of the upload that are durable already. */
  from: number
  file: AppendFile
  writer: FileWriter
  disk: Disk
  durability: Durability
  now: () => number
  /** Called when the upload's bytes up to an offset are durable. */
  markDurable(offset: number): Promise<void>
}

const syncEveryBytes = 64 << 20
const syncEveryMs = 2000

/** Begins a piece at the upload's offset; what has arrived is made durable every so often, beside what still arrives. */
export function createPiece(parts: PieceParts): Piece {
  const { from, file, writer, disk, durability, now, markDurable } = parts
  let received = from
  let durable = from
  let failure: unknown
  let syncedAt = now()
  let syncing: Promise<void> | undefined

  // Once a write has failed, what was hashed and what the disk holds differ; and an error of fdatasync is told once:
  // asked again on the same file it would claim success.
  const guarded = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action()
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  const syncUpTo = async (mark: number): Promise<void> => {
    if (durability !== 'none') await guarded(() => disk.fdatasync(file.fd))
    durable = mark
    await markDurable(mark)
  }
  // Beside what still arrives; told as failed by the next settle. Whole buffers suffice, unless none has come since the last time.
  const startSync = async (): Promise<void> => {
    syncedAt = now()
    const whole = await writer.flushWhole()
    if (whole === durable) await writer.flush(file)
    syncing = syncUpTo(whole === durable ? received : whole).finally(() => {
      syncing = undefined
    })
    syncing.catch(() => undefined)
  }
  const settle = async (): Promise<void> => {
    await syncing
    // The first error, not what came of it: a full volume is to be told as one.
    if (failure !== undefined) throw asStoreProblem(failure)
    await guarded(() => writer.flush(file))
    await syncUpTo(received)
  }
  return {
    received: () => received,
    settle,
    async take(chunk) {
      await guarded(() => writer.write(file, chunk))
      received += chunk.byteLength
      const waiting = received - durable
      const isDue = waiting >= syncEveryBytes || now() - syncedAt >= syncEveryMs
      if (syncing || waiting === 0 || !isDue) return
      await guarded(startSync)
    },
  }
}

function asStoreProblem(cause: unknown): unknown {
  if (cause instanceof ShamanError || isCode(cause, 'ENOSPC', 'EDQUOT')) return cause
  return new ShamanError('STORE_FAULT', 'the storage could not take the bytes', { cause })
}
