import type { ChunkMap } from './chunk-map.ts'
import { recipeLimits } from './recipe.ts'

/** Parts of a .blend that nearly every save changes a little, and which hardly compress without one another. */
export interface LooseBytes {
  readonly ranges: readonly { readonly offset: number; readonly length: number }[]
  /** The ranges' bytes, one after another. */
  readonly bytes: Uint8Array
}

/** Gathers loose bytes, until they are too many to be a recipe's dictionary. */
export interface LooseList {
  add(offset: number, bytes: Uint8Array): void
  take(): LooseBytes | undefined
}

/** Creates an empty list. */
export function createLooseList(): LooseList {
  const { dictionaryBytes, dictionaryRanges } = recipeLimits
  const ranges: { offset: number; length: number }[] = []
  let parts: Uint8Array[] = []
  let total = 0
  const isTooMuch = (): boolean => total > dictionaryBytes || ranges.length > dictionaryRanges
  return {
    add(offset, bytes) {
      total += bytes.length
      if (isTooMuch()) {
        parts = []
        return
      }
      const last = ranges.at(-1)
      if (last !== undefined && last.offset + last.length === offset) last.length += bytes.length
      else ranges.push({ offset, length: bytes.length })
      parts.push(bytes.slice())
    },
    take: () => (isTooMuch() || total === 0 ? undefined : { ranges, bytes: Buffer.concat(parts) }),
  }
}

/** Gathers what a chunk map is made of. */
export interface ChunkList {
  chunk(length: number, hash: bigint): void
  resemblance(): { cut: number; known: number }
  take(): Pick<ChunkMap, 'lengths' | 'hashes'>
}

/** Creates an empty list; `known` are hashes to look out for. */
export function createChunkList(known: ReadonlySet<bigint> | undefined): ChunkList {
  const lengths: number[] = []
  const hashes: bigint[] = []
  const resemblance = { cut: 0, known: 0 }
  return {
    chunk(length, hash) {
      resemblance.cut += length
      if (known?.has(hash)) resemblance.known += length
      lengths.push(length)
      hashes.push(hash)
    },
    resemblance: () => resemblance,
    take: () => ({
      lengths: Uint32Array.from(lengths),
      hashes: BigUint64Array.from(hashes),
    }),
  }
}
