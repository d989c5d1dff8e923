import { type ChunkAlgorithm, type FramesAlgorithm, isForFrames } from './algorithms.ts'
import { findBases } from './base-lookup.ts'
import type { ChunkedContent, ChunkHasher } from './chunk-and-hash.ts'
import type { DeltaFile, DeltaRoute, NotSent } from './delta-file.ts'
import { type Draft, draftRecipe } from './draft.ts'
import type { FramePacker } from './frame-packer.ts'
import type { Remembered } from './history.ts'
import type { KeptFiles } from './kept-files.ts'
import { framesPay, type Pace, type PaceBook } from './pace.ts'
import { literalBytes } from './recipe.ts'

/** Finds what a file can be told by, and tells it. */
export interface Drafting {
  /** Drafts the recipe of a file whose last version here was `own`, first by `algorithm`. */
  draft(route: DeltaRoute, file: DeltaFile, plan: DraftPlan): Promise<Drafted | NotSent>
}

/** What is known before a draft. */
export interface DraftPlan {
  readonly own: Remembered | undefined
  readonly algorithm: ChunkAlgorithm
  readonly pace: Pace
}

/** A draft, and how its file was cut. */
export interface Drafted extends Draft {
  readonly algorithm: ChunkAlgorithm
  /** When the file was cut, and drafting began. */
  readonly started: number
}

interface Cut extends Drafted {
  readonly target: ChunkedContent
}

/** What drafting works with. */
export interface DraftingParts {
  readonly hasher: ChunkHasher
  readonly packer: FramePacker
  readonly kept: KeptFiles
  readonly paces: PaceBook
  readonly now: () => number
}

/** Creates the drafting of a sender. */
export function createDrafting({ hasher, packer, kept, paces, now }: DraftingParts): Drafting {
  return {
    async draft(route, file, plan) {
      const drafted = await draftBest(route, file, plan)
      if (drafted === 'unlike its base') {
        kept.keep(file.file, { digest: file.digest, isStrange: true })
      }
      return drafted
    },
  }

  async function draftBest(
    route: DeltaRoute,
    file: DeltaFile,
    plan: DraftPlan,
  ): Promise<Drafted | NotSent> {
    const { own, pace } = plan
    const first = await draftCut(route, file, plan)
    if (first === 'another zstd') {
      const inBlocks = await draftCut(route, file, { ...plan, algorithm: 'blocks1' })
      if (typeof inBlocks !== 'string') keep(file, inBlocks.target, first)
      return inBlocks
    }
    if (typeof first === 'string' || first.algorithm !== 'blocks1' || own?.isForeign) return first
    const share = literalBytes(first.recipe.ops) / first.recipe.size
    return framesPay(share, pace) ? await finerThan(first, route, file, plan) : first
  }

  /** By what the frames hold, where that can be told; else as it was. */
  async function finerThan(
    first: Cut,
    route: DeltaRoute,
    file: DeltaFile,
    plan: DraftPlan,
  ): Promise<Cut> {
    const finer = await draftCut(route, file, { ...plan, algorithm: 'frames1' }).catch(
      async (error: unknown) => {
        await first.source.close()
        throw error
      },
    )
    if (typeof finer === 'string') {
      keep(file, first.target, finer)
      return first
    }
    await first.source.close()
    return finer
  }

  /** What is remembered of the file; of another zstd's, that the next version need not be tried by its frames. */
  function keep({ file, digest }: DeltaFile, target: ChunkedContent, why: NotSent): void {
    kept.keep(file, { ...target, digest, ...(why === 'another zstd' && { isForeign: true }) })
  }

  async function draftCut(
    route: DeltaRoute,
    file: DeltaFile,
    { own, algorithm }: DraftPlan,
  ): Promise<Cut | NotSent> {
    const bases = await findBases(route, file, { own, algorithm })
    const base = bases[0]
    if (base === undefined) return 'no base'
    const known = kept.of(file.file, file.digest)
    const isCutAlike = known?.map?.algorithm === base.map.algorithm
    const target = isCutAlike ? known : await chunkLike(base, route, file)
    const { map, loose, isStrange } = target
    if (map === undefined) return isStrange ? 'unlike its base' : 'changed'
    const started = now()
    const draft = await draftRecipe({ ...file, map, ...(loose && { loose }) }, bases, packer)
    return typeof draft === 'string' ? draft : { ...draft, algorithm, started, target }
  }

  /** Cuts a file as its base is; its digest, which the caller knows, the store proves. */
  async function chunkLike(
    { map }: Remembered,
    { store, signal }: DeltaRoute,
    { file, digest }: DeltaFile,
  ): Promise<ChunkedContent> {
    const request = { signal, algorithm: map.algorithm, known: map.hashes }
    const started = now()
    const content = await hasher.chunk(file, request)
    await paces.note(store, 'chunk', { bytes: digest.size, ms: now() - started })
    if (content.size !== digest.size) return {}
    kept.keep(file, { digest, ...content })
    return content
  }
}

/** Frames that are packed anew cost the store more than bytes that are copied: their pace is kept apart. */
export function workOf(algorithm: ChunkAlgorithm): 'splice' | 'splice-frames' {
  return algorithm === 'frames1' ? 'splice-frames' : 'splice'
}

/** How a compressed .blend is cut first: as its last version was, unless all that counts is bytes; without one, as its size tells. */
export function firstForFrames(
  bySize: FramesAlgorithm,
  past: Remembered | undefined,
  prefer: 'time' | 'bytes',
): FramesAlgorithm {
  if (past?.isForeign) return 'blocks1'
  if (prefer === 'bytes') return 'frames1'
  return past && isForFrames(past.map.algorithm) ? past.map.algorithm : bySize
}
