import { constants, createReadStream } from 'node:fs'
import PQueue from 'p-queue'
import { type Digest, digestKey } from '../digest.ts'
import { type Disk, removeQuietly } from '../disk.ts'
import { ShamanError } from '../errors.ts'
import type { BlobStore } from './blob-store.ts'

/**
 * Blobs whose bytes lie in another store, such as object storage. Here each leaves a placeholder: a file of its name and
 * size without any bytes. So "is it stored" stays a look at the disk that nothing can come between, and collection, trash and
 * quarantine work on names as ever.
 *
 * What must hold: a placeholder has its bytes elsewhere. They are there before it gets its name, and go only when no
 * placeholder is left and none can come; both happen while the digest is held.
 */
export interface Elsewhere {
  readonly store: BlobStore
  /** Runs an action while nobody else brings or drops the same blob. */
  exclusively<T>(digest: Digest, action: () => Promise<T>): Promise<T>
  /** Brings a verified file's bytes there; the file goes, and the path of a placeholder, under no name of a blob, is returned. */
  bring(digest: Digest, temp: string): Promise<string>
  /** Makes a placeholder. */
  makePlaceholder(digest: Digest, path: string): void
}

// Each reads a file and keeps a connection.
const mostTransfers = 32

/** Creates what keeps bytes in `store`. */
export function createElsewhere(store: BlobStore, disk: Disk): Elsewhere {
  const held = new Map<string, Promise<unknown>>()
  const transfers = new PQueue({ concurrency: mostTransfers })

  const elsewhere: Elsewhere = {
    store,
    async exclusively(digest, action) {
      const key = digestKey(digest)
      const before = held.get(key) ?? Promise.resolve()
      const run = before.catch(() => undefined).then(action)
      held.set(key, run)
      try {
        return await run
      } finally {
        if (held.get(key) === run) held.delete(key)
      }
    },
    async bring(digest, temp) {
      try {
        await transfers.add(() =>
          store.put(digest, createReadStream(temp, { highWaterMark: 1 << 20 })),
        )
        const placeholder = `${temp}.elsewhere`
        elsewhere.makePlaceholder(digest, placeholder)
        return placeholder
      } catch (cause) {
        throw notTaken(store, cause)
      } finally {
        removeQuietly(disk, temp)
      }
    },
    makePlaceholder({ size }, path) {
      const fd = disk.openSync(
        path,
        constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY,
        0o444,
      )
      try {
        disk.ftruncateSync(fd, size)
      } catch (error) {
        removeQuietly(disk, path)
        throw error
      } finally {
        disk.closeSync(fd)
      }
    },
  }
  return elsewhere
}

function notTaken(store: BlobStore, cause: unknown): unknown {
  if (cause instanceof ShamanError) return cause
  const { name, code } = cause as { name?: string; code?: string }
  return new ShamanError('STORE_FAULT', `${store.place} did not take a blob: ${code ?? name}`, {
    hint: 'Look whether the object storage can be reached and has room; what was sent has to be sent again.',
    cause,
  })
}
