import type { Logger } from 'pino'
import { counted } from '../client/counted.ts'
import { type Digest, digestOfFile } from '../digest.ts'
import { type ChunkAlgorithm, deltaSizes, isForFrames } from './algorithms.ts'
import { algorithmOf, type ChunkHasher, createChunkHasher } from './chunk-and-hash.ts'
import type { DeltaFile, DeltaOutcome, DeltaRoute, NotSent } from './delta-file.ts'
import type { Draft } from './draft.ts'
import { createDrafting, firstForFrames, workOf } from './drafting.ts'
import { createFramePacker } from './frame-packer.ts'
import {
  type DeltaHistory,
  defaultHistoryDir,
  openHistory,
  type Remembered,
  type Resting,
} from './history.ts'
import { createKeptFiles } from './kept-files.ts'
import { isWorthDelta, openPaceBook } from './pace.ts'
import { recipeMediaType } from './recipe.ts'
import { sendRecipe } from './recipe-stream.ts'

/** Sends what changed inside files, and remembers what was sent. */
export interface DeltaSender {
  /** SHA-256 of a file; keeps what else one reading tells, so that sending it needs no second one. */
  hash(
    file: string,
    options?: { signal?: AbortSignal; onBytes?: (bytes: number) => void },
  ): Promise<Digest>
  /** Tries to send a file as its difference to an earlier version; only an abort is thrown. */
  send(route: DeltaRoute, file: DeltaFile): Promise<DeltaOutcome>
  /** Tells how long a whole upload took. */
  sentWhole(store: string, sent: { bytes: number; ms: number }): Promise<void>
  /**
   * Once `stored` resolves the store holds this file: the next edit is sent against it. Looks at the
   * file meanwhile. Never rejects.
   */
  remember(file: Pick<DeltaFile, 'file' | 'digest'>, stored?: Promise<unknown>): Promise<void>
  close(): Promise<void>
}

/** Results of `hash` kept until they are sent: some hundred .blend files. */
const mostKeptBytes = 128 * 1024 * 1024

/** A file unlike its last version is not looked at for so many more. */
const restAfterStrange = 3

const spliceRetries = 2

/** What a sender may be told. */
export interface DeltaSenderOptions {
  /** Where the history lies. */
  dir?: string
  /**
   * `time` sends a file whole where the network is quicker than the delta, and a compressed .blend by its blocks where that is
   * quicker; `bytes` sends the least there is. Default `time`.
   */
  prefer?: 'time' | 'bytes'
  log?: Logger
  hasher?: ChunkHasher
  now?: () => number
}

/** Creates a sender. */
export function createDeltaSender(options: DeltaSenderOptions = {}): DeltaSender {
  const { log, hasher = createChunkHasher(), dir = defaultHistoryDir(), prefer = 'time' } = options
  const now = options.now ?? (() => performance.timeOrigin + performance.now())
  const history: DeltaHistory = openHistory(dir)
  const paces = openPaceBook(dir, now)
  const packer = createFramePacker()
  const kept = createKeptFiles(mostKeptBytes)
  const drafting = createDrafting({ hasher, packer, kept, paces, now })

  return {
    async hash(file, options = {}) {
      const past = await history.recall(file)
      if (past !== undefined && 'versionsLeft' in past) return digestOfFile(file, options)
      const algorithm = await algorithmLike(past, file)
      const known = past?.map.algorithm === algorithm ? past?.map.hashes : undefined
      const result = await hasher.chunkAndHash(file, { ...options, algorithm, known })
      kept.keep(file, result)
      return result.digest
    },
    async send(route, file) {
      try {
        const outcome = await trySend(route, file)
        log?.debug({ path: file.path, size: file.digest.size, ...outcome }, 'delta upload')
        return outcome
      } catch (error) {
        route.signal?.throwIfAborted()
        log?.warn({ err: error, path: file.path }, 'delta upload failed, sending the whole file')
        return notSent('failed')
      }
    },
    sentWhole: (store, sent) => paces.note(store, 'whole', sent),
    async remember({ file, digest }, stored) {
      try {
        const version = await versionOf(file, digest)
        await stored
        if (version !== undefined) await history.remember(file, version)
      } catch (error) {
        log?.debug({ err: error, file }, 'version not remembered')
      } finally {
        kept.forget(file)
      }
    },
    async close() {
      await paces.save().catch((error: unknown) => log?.debug({ err: error }, 'pace not kept'))
      await hasher.close()
      await packer.close()
    },
  }

  async function trySend(route: DeltaRoute, file: DeltaFile): Promise<DeltaOutcome> {
    const { size } = file.digest
    if (size < deltaSizes.min || size > deltaSizes.max) return notSent('size')
    const past = await history.recall(file.file)
    if (past !== undefined && 'versionsLeft' in past) return notSent('unlike its base')
    const known = kept.of(file.file, file.digest)
    if (known?.isStrange) return notSent('unlike its base')
    const algorithm = known?.map?.algorithm ?? (await algorithmLike(past, file.file))
    if (algorithm === undefined) return notSent('size')
    const pace = await paces.of(route.store)
    const prospect = { size, splice: workOf(algorithm), isChunked: known?.map !== undefined }
    if (prefer === 'time' && !isWorthDelta(prospect, pace)) return notSent('quicker whole')
    const drafted = await drafting.draft(route, file, { own: past, algorithm, pace })
    if (typeof drafted === 'string') return notSent(drafted)
    const outcome = await post(route, file, drafted)
    if (outcome.kind === 'sent') {
      const spliced = { bytes: size, ms: now() - drafted.started }
      await paces.note(route.store, workOf(drafted.algorithm), spliced)
    }
    return outcome
  }

  async function versionOf(
    file: string,
    digest: Digest,
  ): Promise<Remembered | Resting | undefined> {
    if (digest.size < deltaSizes.min) return undefined
    const known = kept.of(file, digest)
    const past = await history.recall(file)
    const isResting = past !== undefined && 'versionsLeft' in past
    if (isResting && past.versionsLeft > 1) return { versionsLeft: past.versionsLeft - 1 }
    // Whoever replaces most of a file once may well go on with what it is now; twice, it is rendered anew.
    const isStrangeAgain = known?.isStrange && !isResting && (past?.wasStrange ?? false)
    if (isStrangeAgain) return { versionsLeft: restAfterStrange }
    const { map, loose } = known?.map === undefined ? await hasher.chunk(file) : known
    const wasStrange = known?.isStrange ?? isResting
    const isForeign = known?.isForeign ?? (!isResting && past?.isForeign)
    // As a dictionary for a compressed file they would spare less than unpacking them costs the store.
    const isOfUse = loose !== undefined && map?.algorithm !== 'frames1'
    return (
      map && { digest, map, wasStrange, ...(isForeign && { isForeign }), ...(isOfUse && { loose }) }
    )
  }

  async function post(
    { http, signal }: DeltaRoute,
    { file, digest }: DeltaFile,
    { recipe, source, dictionary }: Draft,
  ): Promise<DeltaOutcome> {
    let wireBytes = 0
    try {
      const answer = await http.send(`/x/splice/${digest.sha}/${digest.size}`, {
        method: 'POST',
        headers: { 'content-type': recipeMediaType },
        signal,
        retries: spliceRetries,
        // Whatever else is wrong with a recipe, the whole file is the answer to it.
        accept: (status) => status === 204 || status === 208 || (status >= 400 && status < 500),
        body: () =>
          counted(sendRecipe(recipe, source, dictionary), (count) => {
            wireBytes += count
          }),
      })
      if (answer.status === 204 || answer.status === 208) {
        return { kind: 'sent', wasNew: answer.status === 204, wireBytes }
      }
      await history.forget(file)
      return notSent('refused', wireBytes)
    } catch (error) {
      signal?.throwIfAborted()
      log?.warn({ err: error, file }, 'splice failed, sending the whole file')
      return notSent('failed', wireBytes)
    } finally {
      await source.close()
    }
  }

  /** A compressed .blend whose last version was not compressed is cut by what it holds, as that was. */
  async function algorithmLike(
    past: Remembered | undefined,
    file: string,
  ): Promise<ChunkAlgorithm | undefined> {
    const chosen = await algorithmOf(file)
    if (chosen === undefined || !isForFrames(chosen)) return chosen
    const isPlain = past?.map.algorithm === 'blend1' && past.map.size === past.digest.size
    return isPlain ? 'blend1' : firstForFrames(chosen, past, prefer)
  }
}

function notSent(reason: NotSent, wireBytes = 0): DeltaOutcome {
  return { kind: 'not-sent', reason, wireBytes }
}
