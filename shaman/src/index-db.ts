import { Level } from 'level'
import { type Digest, digestBytes, readDigest, writeDigest } from './digest.ts'
import { isCode, ShamanError } from './errors.ts'

/**
 * The LevelDB index on the server's local disk. A hint: files on the storage are the truth, a stat confirms, and
 * `rebuild` recreates every record from them.
 *
 * Keys are one letter and binary: `b` sha32 size8 = a blob; `r` sha32 size8 seq6 = a checkout that references it;
 * `g` sha32 size8 = a blob in the trash (value: its epoch); `q` sha32 size8 = a blob in quarantine; `s` name = state as JSON.
 */
export interface IndexDb {
  /** Records blobs as stored; those never verified are remembered to be there, also after a power cut. */
  putBlobs(entries: readonly (readonly [Digest, BlobRecord])[]): Promise<void>
  getBlob(digest: Digest): BlobRecord | undefined
  hasBlobs(digests: readonly Digest[]): Promise<boolean[]>
  deleteBlobs(digests: readonly Digest[]): Promise<void>
  /** All blobs in digest order, in pages. */
  blobs(options?: { after?: Digest }): AsyncIterable<readonly (readonly [Digest, BlobRecord])[]>
  /** Only their digests, undecoded: each key holds one at {@link digestAt}. For those who look at a million and need few. */
  blobKeys(): AsyncIterable<readonly Buffer[]>
  /** When blobs were last used, in seconds since 1970, by their keys; 0 for one that has gone meanwhile. */
  lastUses(keys: readonly Buffer[]): Promise<number[]>
  /** Grows with every blob that is recorded without ever having been verified; 0 while there is none. */
  unverified(): number
  /** Notes that all of them were verified, unless there are more than were `seen`. */
  allVerified(seen: number): Promise<void>
  addReferences(seq: number, digests: readonly Digest[]): Promise<void>
  removeReferences(seq: number, digests: readonly Digest[]): Promise<void>
  /** Checkouts that reference a blob, by sequence number. */
  holders(digest: Digest): Promise<number[]>
  setTrashed(entries: readonly (readonly [Digest, string])[]): Promise<void>
  getTrashed(digest: Digest): string | undefined
  clearTrashed(digests: readonly Digest[]): Promise<void>
  setQuarantined(digest: Digest, record: QuarantineRecord): Promise<void>
  clearQuarantined(digest: Digest): Promise<void>
  quarantined(): Promise<(readonly [Digest, QuarantineRecord])[]>
  getState<T>(name: string): Promise<T | undefined>
  setState(name: string, value: unknown): Promise<void>
  clear(): Promise<void>
  close(): Promise<void>
}

/** What the index remembers of a blob; times are seconds since 1970, 0 = never or unknown. */
export interface BlobRecord {
  storedAt: number
  lastUse: number
  /** When its bytes, as they lie on the medium, were last known to be right. */
  verifiedAt: number
}

/** Where in an index key the digest begins. */
export const digestAt = 1

/** Why a blob was set aside. */
export interface QuarantineRecord {
  at: number
  reason: string
  checkouts: string[]
}

type Db = Level<Buffer, Buffer>
type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer }

const batchSize = 2000
// A page is worked through in one turn, below a millisecond, so that requests are served between.
const pageSize = 256

/** Opens (or creates) the index in a local directory. */
export async function openIndex(directory: string): Promise<IndexDb> {
  const db: Db = new Level<Buffer, Buffer>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: 32 << 20,
    cacheSize: 64 << 20,
    maxFileSize: 8 << 20,
  } as ConstructorParameters<typeof Level<Buffer, Buffer>>[1])
  try {
    await db.open()
    return indexOver(db, (await readState<number>(db, unverifiedState)) ?? 0)
  } catch (error) {
    if (isCode((error as Error).cause, 'LEVEL_LOCKED')) {
      throw new ShamanError('STORE_LOCKED', `another process has the index ${directory} open`, {
        hint: 'Stop the other manager or store server, or give this one its own state directory.',
        cause: error,
      })
    }
    throw error
  }
}

const unverifiedState = 'unverified'

function indexOver(db: Db, unverifiedBefore: number): IndexDb {
  let unverified = unverifiedBefore
  let noted: Promise<void> = Promise.resolve()
  const note = (number: number): Promise<void> => {
    noted = noted.then(() => index.setState(unverifiedState, number))
    return noted
  }
  const write = async (operations: Operation[]): Promise<void> => {
    for (let at = 0; at < operations.length; at += batchSize) {
      await db.batch(operations.slice(at, at + batchSize))
    }
  }
  const dropAll = (keys: readonly Buffer[]): Promise<void> =>
    write(keys.map((key) => ({ type: 'del', key })))

  const index: IndexDb = {
    async putBlobs(entries) {
      const isFirst = unverified === 0
      for (const [, record] of entries) if (record.verifiedAt === 0) unverified += 1
      if (isFirst && unverified > 0) void note(1)
      await noted
      await write(
        entries.map(([digest, record]) => ({
          type: 'put',
          key: digestKeyOf('b', digest),
          value: encodeBlob(record),
        })),
      )
    },
    unverified: () => unverified,
    async allVerified(seen) {
      if (unverified !== seen) return
      unverified = 0
      await note(0)
    },
    getBlob(digest) {
      const value = db.getSync(digestKeyOf('b', digest))
      return value && decodeBlob(value)
    },
    async hasBlobs(digests) {
      return await db.hasMany(digests.map((digest) => digestKeyOf('b', digest)))
    },
    deleteBlobs: (digests) => dropAll(digests.map((digest) => digestKeyOf('b', digest))),
    async *blobs(options = {}) {
      const range = { ...blobRange(options.after), highWaterMarkBytes: 1 << 20 }
      for await (const page of inPages<[Buffer, Buffer]>(db.iterator(range))) {
        yield page.map(([key, value]) => [readDigest(key, digestAt), decodeBlob(value)] as const)
      }
    },
    blobKeys: () => inPages(db.keys({ ...blobRange(), highWaterMarkBytes: 1 << 20 })),
    async lastUses(keys) {
      const values = await db.getMany([...keys])
      return values.map((value) => value?.readUInt32BE(lastUseAt) ?? 0)
    },
    addReferences: (seq, digests) =>
      write(
        digests.map((digest) => ({
          type: 'put',
          key: referenceKey(digest, seq),
          value: Buffer.alloc(0),
        })),
      ),
    removeReferences: (seq, digests) => dropAll(digests.map((digest) => referenceKey(digest, seq))),
    async holders(digest) {
      const keys = await db
        .keys({ gte: referenceKey(digest, 0), lte: referenceKey(digest, 2 ** 48 - 1) })
        .all()
      return keys.map((key) => key.readUIntBE(1 + digestBytes, 6))
    },
    setTrashed: (entries) =>
      write(
        entries.map(([digest, epoch]) => ({
          type: 'put',
          key: digestKeyOf('g', digest),
          value: Buffer.from(epoch),
        })),
      ),
    getTrashed: (digest) => db.getSync(digestKeyOf('g', digest))?.toString(),
    clearTrashed: (digests) => dropAll(digests.map((digest) => digestKeyOf('g', digest))),
    setQuarantined: (digest, record) =>
      db.put(digestKeyOf('q', digest), Buffer.from(JSON.stringify(record))),
    clearQuarantined: (digest) => db.del(digestKeyOf('q', digest)),
    async quarantined() {
      const entries = await db
        .iterator({ gte: Buffer.from('q'), lt: Buffer.from('r'), limit: 10_000 })
        .all()
      return entries.map(
        ([key, value]) =>
          [readDigest(key, 1), JSON.parse(value.toString()) as QuarantineRecord] as const,
      )
    },
    getState: <T>(name: string) => readState<T>(db, name),
    setState: (name, value) =>
      db.put(Buffer.from(`s${name}`), Buffer.from(JSON.stringify(value)), {
        sync: true,
      } as Parameters<Db['put']>[2]),
    async clear() {
      unverified = 0
      await db.clear()
    },
    close: () => db.close(),
  }
  return index
}

async function readState<T>(db: Db, name: string): Promise<T | undefined> {
  const value = await db.get(Buffer.from(`s${name}`))
  return value && (JSON.parse(value.toString()) as T)
}

function blobRange(after?: Digest): { gt?: Buffer; gte?: Buffer; lt: Buffer } {
  const lt = Buffer.from('c')
  return after ? { gt: digestKeyOf('b', after), lt } : { gte: Buffer.from('b'), lt }
}

async function* inPages<T>(iterator: {
  nextv(size: number): Promise<T[]>
  close(): Promise<void>
}): AsyncGenerator<T[]> {
  try {
    for (;;) {
      const page = await iterator.nextv(pageSize)
      if (page.length === 0) return
      yield page
    }
  } finally {
    await iterator.close()
  }
}

function digestKeyOf(space: string, digest: Digest): Buffer {
  const key = Buffer.allocUnsafe(1 + digestBytes)
  key.write(space, 0, 1, 'latin1')
  writeDigest(key, 1, digest)
  return key
}

function referenceKey(digest: Digest, seq: number): Buffer {
  const key = Buffer.allocUnsafe(1 + digestBytes + 6)
  key.write('r', 0, 1, 'latin1')
  writeDigest(key, 1, digest)
  key.writeUIntBE(seq, 1 + digestBytes, 6)
  return key
}

const lastUseAt = 4

function encodeBlob(record: BlobRecord): Buffer {
  const value = Buffer.allocUnsafe(12)
  value.writeUInt32BE(record.storedAt, 0)
  value.writeUInt32BE(record.lastUse, lastUseAt)
  value.writeUInt32BE(record.verifiedAt, 8)
  return value
}

function decodeBlob(value: Buffer): BlobRecord {
  return {
    storedAt: value.readUInt32BE(0),
    lastUse: value.readUInt32BE(lastUseAt),
    verifiedAt: value.readUInt32BE(8),
  }
}
