import { constants } from 'node:fs'
import { readdir, stat, truncate } from 'node:fs/promises'
import { type Digest, digestFromKey, digestKey } from '../digest.ts'
import { removeQuietly } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import type { IndexDb } from '../index-db.ts'
import type { SpaceKeeper } from '../space.ts'
import type { Durability } from '../sync.ts'
import type { PutOutcome } from './blob-store.ts'
import { asSpaceProblem, type FileBlobStore } from './file-blob-store.ts'
import type { FileWriter } from './file-writer.ts'
import { createPiece } from './partial-piece.ts'
import { verifyDigest } from './temp-file.ts'

/**
 * Uploads that can be continued. Each belongs to a digest and a client; its offset counts durable bytes only and never
 * decreases while the upload lives, so a client may forget what it has been told about.
 */
export interface Partials {
  offset(digest: Digest, client: string): Promise<number>
  /** Appends from an offset; when that completes the blob, it is verified and published. */
  append(request: AppendRequest): Promise<AppendResult>
  discard(digest: Digest, client: string): Promise<void>
  /** What has begun and is not stored yet, by whomever; at most a thousand, of no certain order. */
  unfinished(): Promise<UnfinishedUpload[]>
  /** Removes what nobody continued within the time. */
  sweep(maxAgeMs: number): Promise<number>
  close(): Promise<void>
}

/** A piece of a resumable upload. */
export interface AppendRequest {
  digest: Digest
  client: string
  offset: number
  bytes: AsyncIterable<Uint8Array>
}

/** Where an upload stands after a piece. */
export interface AppendResult {
  offset: number
  /** Present once the blob is in the store. */
  outcome?: PutOutcome
}

/** A resumable upload that waits for more. */
export interface UnfinishedUpload {
  digest: Digest
  client: string
  /** Bytes that have arrived. */
  offset: number
  /** When the last of them came; milliseconds since 1970. */
  movedAt: number
}

interface Upload {
  path: string
  name: string
  offset: number
  /** Knows the digest of what is there; undefined until the bytes on disk have been read again after a start. */
  writer: FileWriter | undefined
  /** Grows with every request for this upload: a newer one overtakes a stalled older one. */
  turn: number
  busy: Promise<unknown>
  active: number
}

interface PartialsParts {
  store: FileBlobStore
  index: IndexDb
  durability: Durability
  space: SpaceKeeper
  now: () => number
}

const maxUploads = 1000

/** Creates the table of resumable uploads of a store. */
export function createPartials(parts: PartialsParts): Partials {
  const { store, index, durability, space, now } = parts
  const { disk, layout } = store
  const uploads = new Map<string, Upload>()

  return {
    async offset(digest, client) {
      if (store.isStored(digest)) return digest.size
      return (await find(digest, client))?.offset ?? 0
    },
    async append(request) {
      const upload = (await find(request.digest, request.client)) ?? begin(request)
      upload.turn += 1
      const turn = upload.turn
      const run = upload.busy
        .catch(() => undefined)
        .then(() => appendTo(upload, request, () => upload.turn === turn))
      upload.busy = run
      upload.active += 1
      try {
        return await run
      } finally {
        upload.active -= 1
      }
    },
    async discard(digest, client) {
      const upload = await find(digest, client)
      if (!upload) return
      upload.turn += 1
      await upload.busy.catch(() => undefined)
      await forget(upload)
      removeQuietly(disk, upload.path)
    },
    async unfinished() {
      const names = (await readdir(layout.partial)).slice(0, maxUploads)
      const found = await Promise.all(names.map(describe))
      return found.filter((one) => one !== undefined)
    },
    async sweep(maxAgeMs) {
      let removed = 0
      for (const name of await readdir(layout.partial)) {
        const path = `${layout.partial}/${name}`
        if ((uploads.get(name)?.active ?? 0) > 0) continue
        if (now() - (await stat(path)).mtimeMs < maxAgeMs) continue
        const known = uploads.get(name)
        if (known) await forget(known)
        removeQuietly(disk, path)
        removed += 1
      }
      return removed
    },
    async close() {
      for (const upload of uploads.values()) upload.turn += 1
      await Promise.allSettled([...uploads.values()].map((upload) => upload.busy))
    },
  }

  async function describe(name: string): Promise<UnfinishedUpload | undefined> {
    const upload = parseName(name)
    if (!upload || store.isStored(upload.digest)) return undefined
    const facts = await stat(`${layout.partial}/${name}`).catch(() => undefined)
    return facts && { ...upload, offset: facts.size, movedAt: Math.floor(facts.mtimeMs) }
  }

  async function find(digest: Digest, client: string): Promise<Upload | undefined> {
    const name = nameOf(digest, client)
    const known = uploads.get(name)
    if (known) return known
    const path = `${layout.partial}/${name}`
    const size = disk.lstatSync(path)?.size
    if (size === undefined) return undefined
    // A newer record than the file (a restored storage) or none (a lost index) both mean: begin anew.
    const recorded = (await index.getState<number>(`partial:${name}`)) ?? 0
    const offset = recorded <= size ? recorded : 0
    return uploads.get(name) ?? remember({ ...fresh(name, path), offset, writer: undefined })
  }

  function begin({ digest, client }: AppendRequest): Upload {
    const name = nameOf(digest, client)
    return uploads.get(name) ?? remember(fresh(name, `${layout.partial}/${name}`))
  }

  function remember(upload: Upload): Upload {
    // Only memory is given up: a forgotten upload is found again on disk.
    if (uploads.size >= maxUploads) {
      const idle = uploads.values().find((other) => other.active === 0)
      if (idle) {
        uploads.delete(idle.name)
        void idle.writer?.discard()
      }
    }
    uploads.set(upload.name, upload)
    return upload
  }

  async function forget(upload: Upload): Promise<void> {
    if (uploads.get(upload.name) === upload) uploads.delete(upload.name)
    void upload.writer?.discard()
    upload.writer = undefined
    await index.setState(`partial:${upload.name}`, 0)
  }

  async function appendTo(
    upload: Upload,
    request: AppendRequest,
    isCurrent: () => boolean,
  ): Promise<AppendResult> {
    const { digest, offset, bytes } = request
    if (offset !== upload.offset) throw wrongOffset(upload.offset)
    const giveBack = await space.reserve(digest.size - offset)
    try {
      await receive(upload, digest, bytes, isCurrent)
      if (upload.offset < digest.size) return { offset: upload.offset }
      return { offset: digest.size, outcome: await complete(upload, digest) }
    } catch (error) {
      throw asSpaceProblem(error)
    } finally {
      giveBack()
    }
  }

  async function receive(
    upload: Upload,
    digest: Digest,
    bytes: AsyncIterable<Uint8Array>,
    isCurrent: () => boolean,
  ): Promise<void> {
    const writer = upload.writer ?? (await reread(upload, digest))
    upload.writer = undefined
    const isNew = upload.offset === 0
    if (isNew) removeQuietly(disk, upload.path)
    const flags = isNew ? constants.O_CREAT | constants.O_EXCL : 0
    const file = writer.open(upload.path, { flags, mode: 0o644 })
    const piece = createPiece({
      ...{ from: upload.offset, file, writer, disk, now, durability },
      async markDurable(offset) {
        await index.setState(`partial:${upload.name}`, offset)
        // Told to clients from here on: not before a killed server would still know it.
        upload.offset = offset
      },
    })
    try {
      for await (const chunk of bytes) {
        if (!isCurrent()) throw overtaken()
        if (piece.received() + chunk.byteLength > digest.size) throw tooLong(digest)
        await piece.take(chunk)
      }
    } finally {
      // Also after an interruption: what arrived is kept.
      try {
        await piece.settle()
        upload.writer = writer
      } finally {
        if (!upload.writer) await writer.discard()
        file.close()
      }
    }
  }

  async function complete(upload: Upload, digest: Digest): Promise<PutOutcome> {
    const writer = upload.writer ?? (await reread(upload, digest))
    upload.writer = undefined
    await forget(upload)
    try {
      verifyDigest(await writer.finish(), digest)
    } catch (error) {
      removeQuietly(disk, upload.path)
      throw error
    }
    makeReadOnly(upload.path)
    return await store.commit(digest, upload.path)
  }

  // The state of a SHA-256 cannot be kept on disk; the bytes can be read again.
  async function reread(upload: Upload, digest: Digest): Promise<FileWriter> {
    const writer = store.writer(digest.size)
    if (upload.offset === 0) return writer
    await truncate(upload.path, upload.offset)
    await writer.resume(upload.path, upload.offset)
    return writer
  }

  function makeReadOnly(path: string): void {
    try {
      disk.chmodSync(path, 0o444)
    } catch (error) {
      // A volume without modes protects nothing this way, and needs no failing either.
      if (!isCode(error, 'EPERM', 'ENOTSUP')) throw error
    }
  }
}

function fresh(name: string, path: string): Upload {
  return {
    name,
    path,
    offset: 0,
    writer: undefined,
    turn: 0,
    busy: Promise.resolve(),
    active: 0,
  }
}

function nameOf(digest: Digest, client: string): string {
  return `${digestKey(digest)}-${client}.part`
}

function parseName(name: string): Pick<UnfinishedUpload, 'digest' | 'client'> | undefined {
  const match = /^([0-9a-f]{64}-\d{1,16})-([\w-]{1,64})\.part$/.exec(name)
  const digest = digestFromKey(match?.[1] ?? '')
  return digest && { digest, client: match![2]! }
}

function wrongOffset(offset: number): ShamanError {
  return new ShamanError('OFFSET_MISMATCH', `the upload continues at byte ${offset}`, {
    detail: { offset },
  })
}

function overtaken(): ShamanError {
  return new ShamanError('UPLOAD_INTERRUPTED', 'a newer request continues this upload')
}

function tooLong(digest: Digest): ShamanError {
  return new ShamanError('BLOB_SIZE_MISMATCH', `received more than ${digest.size} bytes`)
}
