import type { Logger } from 'pino'
import { ShamanClientError } from '../client/errors.ts'
import type { Http } from '../client/http.ts'
import { type Digest, sameDigest } from '../digest.ts'
import { type ChunkAlgorithm, deltaSizes } from './algorithms.ts'
import { type ByteSource, openFileSource } from './byte-source.ts'
import { type ChunkedFile, type ChunkHasher, createChunkHasher } from './chunk-and-hash.ts'
import { decodeChunkMap } from './chunk-map.ts'
import { type Difference, diff } from './diff.ts'
import { createFramePacker, type FramePacker } from './frame-packer.ts'
import { type DeltaHistory, defaultHistoryDir, openHistory, type Remembered } from './history.ts'
import { type BaseRange, type RecipeBase, recipeMediaType } from './recipe.ts'
import { sendRecipe } from './recipe-stream.ts'
import { canRepack, type Frame, openUnpacked, readFrames, startsAsFrame } from './zstd-frames.ts'

/** A file that the store lacks. */
export interface DeltaFile {
  /** Its path in the checkout: what namesakes are looked for by. */
  readonly path: string
  readonly file: string
  readonly digest: Digest
}

/** How a file was (not) sent as its difference to one the store holds. */
export type DeltaOutcome =
  | { readonly kind: 'sent'; readonly wasNew: boolean; readonly wireBytes: number }
  | { readonly kind: 'not-sent'; readonly reason: string; readonly wireBytes: number }

/** Sends what changed inside files, and remembers what was sent. */
export interface DeltaSender {
  /** SHA-256 of a file; keeps what else one reading tells, so that sending it needs no second one. */
  hash(file: string, options?: { signal?: AbortSignal }): Promise<Digest>
  /** Tries to send a file as its difference to an earlier version. Whatever else fails is thrown. */
  send(
    http: Http,
    file: DeltaFile,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<DeltaOutcome>
  /** The store holds this file now: the next edit is sent against it. */
  remember(file: Pick<DeltaFile, 'file' | 'digest'>): Promise<void>
  close(): Promise<void>
}

/** A recipe with more of the target's bytes than this sends the whole file instead. */
const mostLiteral = 0.6

/** Results of `hash` kept until they are sent: maps of the files of one submission. */
const mostHashed = 512

const fallbackStatuses = new Set([400, 404, 405, 409, 413, 417])

/** Creates a sender with the history in `dir`. */
export function createDeltaSender(
  options: { dir?: string; log?: Logger; hasher?: ChunkHasher } = {},
): DeltaSender {
  const { log, hasher = createChunkHasher() } = options
  const history: DeltaHistory = openHistory(options.dir ?? defaultHistoryDir())
  const packer = createFramePacker()
  const hashed = new Map<string, ChunkedFile>()

  const sender: DeltaSender = {
    async hash(file, given) {
      const result = await hasher.chunkAndHash(file, given)
      if (result.map !== undefined) keep(file, result)
      return result.digest
    },
    async send(http, file, { signal } = {}) {
      const { size } = file.digest
      if (size < deltaSizes.min || size > deltaSizes.max) return notSent('size', file)
      const target = await chunked(file, signal)
      if (target?.map === undefined) return notSent('changed', file)
      const bases = await basesFor(http, file, target, signal)
      const found = diff(bases, target.map)
      if (found === undefined || found.literalBytes > mostLiteral * target.map.size) {
        return notSent(bases.length === 0 ? 'no base' : 'little in common', file)
      }
      return post(http, file, found, signal)
    },
    async remember({ file, digest }) {
      if (digest.size < deltaSizes.min) return
      const version = await chunked({ file, digest }, undefined).catch(() => undefined)
      hashed.delete(file)
      if (version?.map === undefined) return
      const { map, loose } = version
      await history
        .remember(file, { digest, map, ...(loose && { loose }) })
        .catch((error: unknown) => log?.debug({ err: error, file }, 'version not remembered'))
    },
    async close() {
      await hasher.close()
      await packer.close()
    },
  }
  return sender

  function notSent(reason: string, { path }: DeltaFile): DeltaOutcome {
    log?.debug({ path, reason }, 'sending the whole file')
    return { kind: 'not-sent', reason, wireBytes: 0 }
  }

  function keep(file: string, result: ChunkedFile): void {
    hashed.delete(file)
    hashed.set(file, result)
    if (hashed.size > mostHashed) hashed.delete(hashed.keys().next().value!)
  }

  /** The target's map, unless the file is no longer what its digest says. */
  async function chunked(
    { file, digest }: Pick<DeltaFile, 'file' | 'digest'>,
    signal: AbortSignal | undefined,
  ): Promise<ChunkedFile | undefined> {
    const kept = hashed.get(file)
    if (kept !== undefined && sameDigest(kept.digest, digest)) return kept
    const result = await hasher.chunkAndHash(file, { ...(signal && { signal }) })
    if (!sameDigest(result.digest, digest)) return undefined
    keep(file, result)
    return result
  }

  async function basesFor(
    http: Http,
    file: DeltaFile,
    { map }: ChunkedFile,
    signal: AbortSignal | undefined,
  ): Promise<Remembered[]> {
    const own = await history.recall(file.file)
    const isOwn = own !== undefined && own.map.algorithm === map?.algorithm
    if (isOwn) return [own]
    try {
      const base = await findBase(http, file, map!.algorithm, signal)
      return base === undefined ? [] : [base]
    } catch (error) {
      // An answer that is a refusal only means that there is nothing to start from.
      if (!(error instanceof ShamanClientError) || error.status === undefined) throw error
      log?.debug({ err: error, path: file.path }, 'no base found')
      return []
    }
  }

  async function findBase(
    http: Http,
    { path }: DeltaFile,
    algorithm: ChunkAlgorithm,
    signal: AbortSignal | undefined,
  ): Promise<Remembered | undefined> {
    const namesakes = await http.json<{ bases: Digest[] }>(
      `/x/bases?path=${encodeURIComponent(path)}`,
      { signal },
    )
    const digest = namesakes.bases.find(({ size }) => size >= deltaSizes.min)
    if (digest === undefined) return undefined
    const map = `/x/chunkmap/${digest.sha}/${digest.size}?alg=${algorithm}`
    return { digest, map: decodeChunkMap(await http.bytes(map, { signal })) }
  }

  async function post(
    http: Http,
    { path, file, digest }: DeltaFile,
    found: Difference,
    signal: AbortSignal | undefined,
  ): Promise<DeltaOutcome> {
    const target = await openTarget(file, packer)
    if (target === undefined) return notSent('compressed by another zstd', { path, file, digest })
    const { source, frames } = target
    const { ranges, bytes } = dictionaryOf(found)
    let wireBytes = 0
    try {
      const bases = found.bases.map((base) => asBase(base))
      const recipe = { ...found, bases, size: source.size, dictionary: ranges, frames }
      const answer = await http.send(`/x/splice/${digest.sha}/${digest.size}`, {
        method: 'POST',
        headers: { 'content-type': recipeMediaType },
        signal,
        accept: (status) => status === 204 || status === 208 || fallbackStatuses.has(status),
        body: () =>
          counted(sendRecipe(recipe, source, bytes), (count) => {
            wireBytes += count
          }),
      })
      log?.debug({ path, status: answer.status, wireBytes, size: digest.size }, 'recipe sent')
      if (answer.status === 204 || answer.status === 208) {
        return { kind: 'sent', wasNew: answer.status === 204, wireBytes }
      }
      await history.forget(file)
      return { kind: 'not-sent', reason: `answered ${answer.status}`, wireBytes }
    } finally {
      await source.close()
    }
  }
}

/** What a recipe writes, and how it is packed; undefined when packing it again would give other bytes. */
async function openTarget(
  path: string,
  packer: FramePacker,
): Promise<{ source: ByteSource; frames: number[] } | undefined> {
  const file = await openFileSource(path)
  try {
    const frames = await framesOf(file)
    if (frames === undefined) return { source: file, frames: [] }
    if (await canRepack(file, frames, packer)) {
      return { source: openUnpacked(file, frames), frames: frames.map(({ length }) => length) }
    }
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}

async function framesOf(file: ByteSource): Promise<Frame[] | undefined> {
  const head = Buffer.alloc(4)
  await file.read(head, 0)
  return startsAsFrame(head) ? readFrames(file) : undefined
}

/** A remembered version as a recipe names it. */
function asBase({ digest, map }: Remembered): RecipeBase {
  return map.size === digest.size ? { digest } : { digest, unpackedSize: map.size }
}

/** The bytes nearly every save changes, as far as this machine remembers how they were. */
function dictionaryOf({ bases }: Difference): { ranges: BaseRange[]; bytes: Uint8Array } {
  const index = bases.findIndex((base) => (base as Partial<Remembered>).loose !== undefined)
  const loose = (bases[index] as Partial<Remembered> | undefined)?.loose
  if (loose === undefined) return { ranges: [], bytes: Buffer.alloc(0) }
  return { ranges: loose.ranges.map((range) => ({ base: index, ...range })), bytes: loose.bytes }
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    onBytes(piece.length)
    yield piece
  }
}
