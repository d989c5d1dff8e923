import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Digest, plainDigest } from '../digest.ts'
import type { Disk } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import { digestFromBlobPath, type Layout } from '../layout.ts'
import type { SpaceKeeper } from '../space.ts'
import type { Durability, Syncer } from '../sync.ts'
import {
  type BlobStore,
  type ByteRange,
  outcomeOf,
  type PutOutcome,
  type PutResult,
} from './blob-store.ts'
import { type Committer, createCommitter, type StoredBlob } from './committer.ts'
import { createElsewhere, type Elsewhere } from './elsewhere.ts'
import { createFileWriter, type FileWriter } from './file-writer.ts'
import { createLook } from './look.ts'
import type { VerifiedFile } from './namer.ts'
import { createSlabs, type Intake } from './slabs.ts'
import { createSmallWriter, type SmallBlob } from './small-writer.ts'
import { openTempFile, type TempFile } from './temp-file.ts'
import type { Threads } from './threads.ts'

/** Blobs as files on a volume that workers may see; where, {@link Layout} tells. */
export interface FileBlobStore extends BlobStore {
  readonly kind: 'file-system'
  readonly layout: Layout
  readonly disk: Disk
  readonly committer: Committer
  /** Where this server process keeps its unfinished files. */
  readonly tempDir: string
  /** Where the bytes are when not here: then what lies here are placeholders, see {@link Elsewhere}. */
  readonly elsewhere: Elsewhere | undefined
  /** Takes over a verified temp file: it becomes the blob once it is durable, or goes. */
  commit(digest: Digest, temp: string): Promise<PutOutcome>
  /**
   * Drops the bytes of a blob that has left the store, unless it has come back or `isWanted`. Only for bytes that are
   * elsewhere: those of a file go with its name.
   */
  dropBytes(digest: Digest, isWanted?: () => boolean): Promise<void>
  /** A look at the disk: a regular file of the right size, and durable. */
  isStored(digest: Digest): boolean
  /** The same for many, beside requests; each answer is of some moment since the call. */
  areStored(digests: readonly Digest[]): Promise<boolean[]>
  /** Stores a small blob that is in memory whole. */
  putBytes(digest: Digest, bytes: Uint8Array): Promise<PutOutcome>
  /**
   * The same for several; one that is not stored keeps no other from it. `onWritten` is called when nobody needs the bytes any
   * more. Resolves in their order; never rejects.
   */
  putAll(blobs: readonly SmallBlob[], onWritten?: () => void): Promise<PutResult[]>
  /** Memory for the small blobs of one request, which {@link putAll} takes without copying. */
  intake(): Intake
  /** What a large blob's bytes are given to on their way into a file. */
  writer(expectedBytes: number): FileWriter
  /** Undefined when {@link putAll} may be given more without memory growing, else resolves when it may. */
  room(): Promise<void> | undefined
}

const aloneUpTo = 4
// Waiting for a sync together; each takes some KiB of memory until it is answered.
const mostSmallOnes = 4096
// Below it a thread's answer takes longer than the work.
const largeBytes = 1 << 20

/** What a {@link FileBlobStore} is made of. */
export interface FileBlobStoreParts {
  layout: Layout
  disk: Disk
  syncer: Syncer
  space: SpaceKeeper
  durability: Durability
  tempDir: string
  /** Keeps the bytes of the blobs, in place of files here. */
  blobsIn?: BlobStore | undefined
  /** They hash and write; without them the calling thread does. */
  threads?: Threads | undefined
  onStored(blobs: readonly StoredBlob[]): Promise<void>
  /** Whether a look has found no such blob, and none has been stored since: then there is none to be replaced. */
  isAbsent?(digest: Digest): boolean
}

/** Creates the store over an existing layout. */
export function createFileBlobStore(parts: FileBlobStoreParts): FileBlobStore {
  const { layout, disk, space, tempDir, threads, durability } = parts
  const committer = createCommitter(parts)
  const slabs = createSlabs()
  const elsewhere = parts.blobsIn && createElsewhere(parts.blobsIn, disk)
  let temps = 0
  let smallOnes = 0
  let roomAgain: PromiseWithResolvers<void> | undefined
  const nextTemp = (): string => `${tempDir}/${(temps++).toString(36)}.tmp`

  const isStored = (digest: Digest): boolean => {
    const stats = disk.lstatSync(layout.blob(digest))
    return stats?.isFile() === true && stats.size === digest.size && !committer.isSettling(digest)
  }

  const { isSettling } = committer
  const { write: writeSmall, room: writersRoom } = createSmallWriter({
    layout,
    disk,
    threads,
    tempDir,
    nextTemp,
  })
  const store: FileBlobStore = {
    kind: 'file-system',
    place: layout.fileStore,
    elsewhere,
    layout,
    disk,
    committer,
    tempDir,
    isStored,
    areStored: createLook({ layout, threads, isStored, isSettling }),
    has: async (digest) => isStored(digest),
    put: (digest, bytes) =>
      writeVerified(digest, async (temp) => {
        let received = 0
        for await (const chunk of bytes) {
          received += chunk.byteLength
          if (received > digest.size) throw tooLong(digest)
          await temp.write(chunk)
        }
      }),
    putBytes: async (digest, bytes) => outcomeOf((await store.putAll([{ digest, bytes }]))[0]!),
    async putAll(blobs, onWritten) {
      smallOnes += blobs.length
      const isAlone = smallOnes <= aloneUpTo
      let giveBack = (): void => {}
      const write = async (): ReturnType<typeof writeSmall> => {
        giveBack = await space.reserve(bytesOf(blobs))
        return await writeSmall(blobs, { isAlone })
      }
      try {
        return await commitWritten(await write().finally(onWritten))
      } catch (error) {
        return blobs.map(() => error as Error)
      } finally {
        smallOnes -= blobs.length
        giveBack()
        if (roomAgain && smallOnes < mostSmallOnes) {
          roomAgain.resolve()
          roomAgain = undefined
        }
      }
    },
    intake: () => slabs.intake(),
    writer(expectedBytes) {
      const isLarge = expectedBytes >= largeBytes
      return createFileWriter({ disk, expectedBytes, threads: isLarge ? threads : undefined })
    },
    room() {
      if (smallOnes < mostSmallOnes) return writersRoom()
      roomAgain ??= Promise.withResolvers()
      return roomAgain.promise
    },
    commit,
    async open(digest, range) {
      if (!isStored(digest)) throw missing(digest)
      if (elsewhere) return await elsewhere.store.open(digest, range)
      return openRange(layout.blob(digest), digest, range)
    },
    async delete(digest) {
      if (!isStored(digest)) return false
      disk.unlinkSync(layout.blob(digest))
      await store.dropBytes(digest)
      return true
    },
    async dropBytes(digest, isWanted = () => false) {
      await elsewhere?.exclusively(digest, async () => {
        const isBack = disk.lstatSync(layout.blob(digest)) || committer.isSettling(digest)
        if (!isBack && !isWanted()) await elsewhere.store.delete(digest)
      })
    },
    list: () => listBlobs(layout),
  }
  writers.set(store, writeVerified)
  return store

  async function commit(digest: Digest, temp: string): Promise<PutOutcome> {
    const commitHere = async (path: string): Promise<PutOutcome> =>
      outcomeOf((await committer.commit([{ digest, temp: path }]))[0]!)
    if (!elsewhere) return await commitHere(temp)
    return await elsewhere.exclusively(digest, async () =>
      commitHere(await elsewhere.bring(digest, temp)),
    )
  }

  /** Of what was written, as far as it was; the errors of the rest stay in their places. */
  async function commitWritten(written: readonly (VerifiedFile | Error)[]): Promise<PutResult[]> {
    const files = written.filter((file): file is VerifiedFile => !(file instanceof Error))
    const results = elsewhere ? await commitEach(files) : await committer.commit(files)
    let next = 0
    return written.map((file) => asSpaceProblem(file instanceof Error ? file : results[next++]!))
  }

  function commitEach(files: readonly VerifiedFile[]): Promise<PutResult[]> {
    return Promise.all(
      files.map(({ digest, temp }) => commit(digest, temp).catch((error: Error) => error)),
    )
  }

  async function writeVerified(digest: Digest, writeTemp: WriteTemp): Promise<PutOutcome> {
    const giveBack = await space.reserve(digest.size)
    let temp: TempFile | undefined
    try {
      const syncsAhead = durability === 'full'
      temp = openTempFile(disk, nextTemp(), store.writer(digest.size), { syncsAhead })
      await writeTemp(temp)
      await temp.finish(digest)
      return await commit(digest, temp.path)
    } catch (error) {
      await temp?.discard()
      throw asSpaceProblem(error)
    } finally {
      giveBack()
    }
  }
}

function bytesOf(blobs: readonly SmallBlob[]): number {
  let bytes = 0
  for (const { digest } of blobs) bytes += digest.size
  return bytes
}

/** Writes a temp file's bytes by any means. */
export type WriteTemp = (temp: TempFile) => Promise<void>

const writers = new WeakMap<
  FileBlobStore,
  (digest: Digest, write: WriteTemp) => Promise<PutOutcome>
>()

/**
 * The one way into the store for any producer of bytes: reserve, temp file, `writeTemp`, size and SHA-256 compared,
 * durable, renamed, indexed. Whatever `writeTemp` does, nothing but the digest's own bytes can be published.
 */
export function publishVerified(
  store: FileBlobStore,
  digest: Digest,
  writeTemp: WriteTemp,
): Promise<PutOutcome> {
  return writers.get(store)!(digest, writeTemp)
}

/** A directory of this process's own for temp files, so that a later start knows which are dead. */
export function newTempDirName(): string {
  return randomUUID()
}

function openRange(path: string, digest: Digest, range: ByteRange | undefined): Readable {
  const { first, last } = range ?? { first: 0, last: digest.size - 1 }
  if (first < 0 || last >= digest.size || first > last + 1) {
    throw new ShamanError('RANGE_INVALID', `bytes ${first}-${last} are not within the blob`, {
      detail: { first, last, size: digest.size },
    })
  }
  // An empty part has no last byte to name; reading from the end yields nothing.
  if (first > last) return createReadStream(path, { start: digest.size })
  return createReadStream(path, { start: first, end: last, highWaterMark: 1 << 20 })
}

async function* listBlobs(layout: Layout): AsyncIterable<Digest> {
  for await (const shard of await opendir(layout.stored)) {
    if (!shard.isDirectory() || !/^[0-9a-f]{2}$/.test(shard.name)) continue
    for await (const path of filesIn(layout, shard.name)) {
      const digest = digestFromBlobPath(path)
      if (digest) yield digest
    }
  }
}

/** Files of a shard at the depth of the layout's blobs, by their paths from there. */
async function* filesIn({ stored, version }: Layout, shard: string): AsyncIterable<string> {
  for await (const entry of await opendir(join(stored, shard))) {
    const path = `${shard}/${entry.name}`
    if (version === 2 && entry.isFile()) yield path
    if (version === 2 || !entry.isDirectory()) continue
    for await (const file of await opendir(join(stored, path))) {
      if (file.isFile()) yield `${path}/${file.name}`
    }
  }
}

function tooLong(digest: Digest): ShamanError {
  return new ShamanError('BLOB_SIZE_MISMATCH', `received more than ${digest.size} bytes`, {
    detail: { expected: plainDigest(digest) },
  })
}

function missing(digest: Digest): ShamanError {
  return new ShamanError('BLOB_MISSING', 'the store does not hold this blob', {
    detail: plainDigest(digest),
  })
}

/** Turns a full volume's error into ours. */
export function asSpaceProblem<T>(error: T): T | ShamanError {
  if (!isCode(error, 'ENOSPC', 'EDQUOT')) return error
  return new ShamanError('NO_SPACE', 'the storage volume is full', {
    hint: 'Free some space on the storage, or collect blobs that no checkout needs any more.',
    cause: error,
  })
}
