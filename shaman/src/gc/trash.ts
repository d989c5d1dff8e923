import { readdir, rm } from 'node:fs/promises'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { Counters } from '../counters.ts'
import { type Digest, digestFromKey, digestKey } from '../digest.ts'
import { makeDir, nextTurn } from '../disk.ts'
import { isCode } from '../errors.ts'
import type { IndexDb } from '../index-db.ts'
import { isHeldOpen } from '../patience.ts'

/** Collected blobs that can still be brought back: by name of the collection that took them. */
export interface Trash {
  /**
   * Takes a blob out of the store, in one turn of the event loop: whoever looks afterwards finds it gone or brings it back,
   * nobody finds it half gone. False when it was not there, or cannot be moved now.
   */
  take(epoch: string, digest: Digest): boolean
  /** Tells the index what was taken. */
  record(epoch: string, digests: readonly Digest[]): Promise<void>
  /** Puts a blob back, in one turn; true when it was in the trash. It counts as stored once its name is durable. */
  restore(digest: Digest): boolean
  /** Puts back all that a collection took. */
  restoreAll(epoch: string): Promise<Digest[]>
  epochs(): Promise<TrashEpoch[]>
  /** Removes collections older than this for good; returns what that freed. */
  empty(olderThanMs: number): Promise<{ blobs: number; bytes: number }>
  /** Reads the trash's directories; call before anything else. */
  load(): Promise<void>
}

/** One collection's part of the trash. */
export interface TrashEpoch {
  epoch: string
  at: number
  blobs: number
  bytes: number
}

interface TrashParts {
  store: FileBlobStore
  index: IndexDb
  counters: Counters
  now: () => number
}

const sliceLength = 64

/** Creates the trash of a store. */
export function createTrash(parts: TrashParts): Trash {
  const { store, index, counters, now } = parts
  const { layout, disk } = store
  // Taken, but the index does not know yet.
  const fresh = new Map<string, string>()
  const known = new Set<string>()

  const trash: Trash = {
    take(epoch, digest) {
      const dir = `${layout.trash}/${epoch}`
      if (!known.has(epoch)) {
        makeDir(disk, dir)
        known.add(epoch)
      }
      try {
        disk.renameSync(layout.blob(digest), `${dir}/${digestKey(digest)}`)
      } catch (error) {
        // Held open by another program, as for a scan: a later collection takes it.
        if (isCode(error, 'ENOENT') || isHeldOpen(error)) return false
        throw error
      }
      fresh.set(digestKey(digest), epoch)
      removeEmptyDir(digest)
      return true
    },
    async record(epoch, digests) {
      await index.setTrashed(digests.map((digest) => [digest, epoch] as const))
      counters.removed(digests)
      // Not those that have come back meanwhile, from the trash or by a new upload.
      const gone = digests.filter((digest) => !disk.lstatSync(layout.blob(digest)))
      await index.deleteBlobs(gone)
      for (const digest of gone) {
        if (fresh.get(digestKey(digest)) === epoch) fresh.delete(digestKey(digest))
      }
    },
    restore(digest) {
      // An upload of the same is about to take the place.
      if (known.size === 0 || store.committer.isSettling(digest)) return false
      const key = digestKey(digest)
      const epoch = fresh.get(key) ?? index.getTrashed(digest)
      if (epoch === undefined) return false
      makeDir(disk, layout.dirOf(digest))
      try {
        disk.renameSync(`${layout.trash}/${epoch}/${key}`, layout.blob(digest))
      } catch (error) {
        if (!isCode(error, 'ENOENT')) throw error
        removeEmptyDir(digest)
        return false
      }
      fresh.delete(key)
      void store.committer.adopt(digest).catch(() => undefined)
      void index.clearTrashed([digest]).catch(() => undefined)
      return true
    },
    async restoreAll(epoch) {
      const restored: Digest[] = []
      for (const digest of await digestsIn(epoch)) {
        if (restored.length % sliceLength === sliceLength - 1) await nextTurn()
        if (index.getTrashed(digest) === undefined) fresh.set(digestKey(digest), epoch)
        if (trash.restore(digest)) restored.push(digest)
      }
      await store.committer.idle()
      return restored
    },
    async epochs() {
      const epochs: TrashEpoch[] = []
      for (const epoch of [...known].sort()) {
        const digests = await digestsIn(epoch)
        const bytes = digests.reduce((sum, digest) => sum + digest.size, 0)
        epochs.push({ epoch, at: timeOf(epoch), blobs: digests.length, bytes })
      }
      return epochs.filter((epoch) => epoch.blobs > 0)
    },
    async empty(olderThanMs) {
      let blobs = 0
      let bytes = 0
      for (const epoch of [...known]) {
        if (now() - timeOf(epoch) < olderThanMs) continue
        // Names first: a blob brought back while the directory goes would be lost with it.
        const digests = await digestsIn(epoch)
        for (let at = 0; at < digests.length; at += sliceLength) {
          const gone = digests
            .slice(at, at + sliceLength)
            .filter((digest) => removeFrom(epoch, digest))
          // Names first here too: a placeholder without bytes could be brought back, bytes without one only take room.
          await Promise.all(gone.map((digest) => store.dropBytes(digest, () => isInTrash(digest))))
          await nextTurn()
          blobs += gone.length
          for (const digest of gone) bytes += digest.size
        }
        await index.clearTrashed(digests)
        await rm(`${layout.trash}/${epoch}`, { recursive: true, force: true })
        known.delete(epoch)
      }
      return { blobs, bytes }
    },
    async load() {
      for (const epoch of await readdir(layout.trash)) known.add(epoch)
    },
  }
  return trash

  function removeFrom(epoch: string, digest: Digest): boolean {
    try {
      disk.unlinkSync(`${layout.trash}/${epoch}/${digestKey(digest)}`)
      return true
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false
      throw error
    }
  }

  function isInTrash(digest: Digest): boolean {
    const key = digestKey(digest)
    return Array.from(known).some((epoch) => disk.lstatSync(`${layout.trash}/${epoch}/${key}`))
  }

  async function digestsIn(epoch: string): Promise<Digest[]> {
    try {
      const names = await readdir(`${layout.trash}/${epoch}`)
      return names.flatMap((name) => digestFromKey(name) ?? [])
    } catch (error) {
      if (isCode(error, 'ENOENT')) return []
      throw error
    }
  }

  function removeEmptyDir(digest: Digest): void {
    const dir = layout.ownDirOf(digest)
    if (dir === undefined) return
    try {
      disk.rmdirSync(dir)
    } catch {
      // Another size of the same checksum lives there.
    }
  }
}

/** The name of a collection begun now; sorts by time. */
export function epochName(time: number, random: string): string {
  return `${new Date(time).toISOString().replaceAll(':', '')}-${random}`
}

function timeOf(epoch: string): number {
  const iso = /^(\d{4}-\d\d-\d\dT)(\d\d)(\d\d)(\d\d\.\d{3}Z)/.exec(epoch)
  const time = iso ? Date.parse(`${iso[1]}${iso[2]}:${iso[3]}:${iso[4]}`) : Number.NaN
  return Number.isNaN(time) ? 0 : time
}
