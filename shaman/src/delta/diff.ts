import { type ChunkMap, zeroHash } from './chunk-map.ts'
import {
  type CopyCursor,
  cursorAfter,
  firstCursor,
  literalBytes,
  mostOps,
  type RecipeBase,
  type RecipeOp,
  recipeLimits,
} from './recipe.ts'

/** A blob the store holds, and how it is cut. */
export interface Base extends RecipeBase {
  readonly map: ChunkMap
}

/** What a target shares with its bases. */
export interface Difference<T extends Base = Base> {
  /** The bases that are used, in the order the ops count them. */
  readonly bases: readonly T[]
  readonly ops: readonly RecipeOp[]
  readonly literalBytes: number
}

interface Found {
  readonly base: number
  readonly offset: number
  readonly length: number
}

/** A lone copy this short costs about as much as its bytes do as a compressed literal. */
const shortestCopy = 64

/**
 * Tells how to write the target from pieces of the bases. Returns undefined when the result
 * would break a recipe's bounds. Chunks are taken for the same when hash and length are; the
 * final SHA-256 catches the rest.
 */
export function diff<T extends Base>(
  bases: readonly T[],
  target: ChunkMap,
): Difference<T> | undefined {
  const usable = bases.slice(0, recipeLimits.bases)
  const ops = joinShort(matchChunks(indexChunks(usable), target))
  if (ops.length > mostOps(target.size)) return undefined
  return { ...keepUsed(usable, ops), literalBytes: literalBytes(ops) }
}

/** Where each chunk lies: all its places, in order. Equal parts are common, as in copies of a mesh. */
type ChunkIndex = ReadonlyMap<bigint, readonly Found[]>

function indexChunks(bases: readonly Base[]): ChunkIndex {
  const index = new Map<bigint, Found[]>()
  bases.forEach(({ map }, base) => {
    let offset = 0
    map.hashes.forEach((hash, at) => {
      const length = map.lengths[at]!
      const places = index.get(hash)
      if (places === undefined) index.set(hash, [{ base, offset, length }])
      else places.push({ base, offset, length })
      offset += length
    })
  })
  return index
}

function matchChunks(index: ChunkIndex, target: ChunkMap): RecipeOp[] {
  const ops: RecipeOp[] = []
  let cursor = firstCursor
  target.hashes.forEach((hash, at) => {
    const op = opFor(nextPlace(index.get(hash), cursor), hash, target.lengths[at]!)
    cursor = cursorAfter(cursor, op)
    append(ops, op)
  })
  return ops
}

function opFor(found: Found | undefined, hash: bigint, length: number): RecipeOp {
  if (hash === zeroHash) return { kind: 'zero', length }
  if (found?.length !== length) return { kind: 'literal', length }
  return { kind: 'copy', base: found.base, offset: found.offset, length }
}

/**
 * The first place at the cursor or behind it, else the first of all: reading a base in order
 * makes for fewer ops, and a compressed base is unpacked once.
 */
function nextPlace(places: readonly Found[] | undefined, cursor: CopyCursor): Found | undefined {
  if (places === undefined) return undefined
  let [low, high] = [0, places.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(places[middle]!, cursor)) low = middle + 1
    else high = middle
  }
  return places[low] ?? places[0]
}

function isBefore(place: Found, cursor: CopyCursor): boolean {
  return place.base < cursor.base || (place.base === cursor.base && place.offset < cursor.offset)
}

/** Adds an op, as a part of the last one where they are of a piece. */
function append(ops: RecipeOp[], op: RecipeOp): void {
  const last = ops.at(-1)
  const continues =
    last?.kind === op.kind &&
    (op.kind !== 'copy' ||
      last.kind !== 'copy' ||
      (last.base === op.base && last.offset + last.length === op.offset))
  if (continues) ops[ops.length - 1] = { ...last, length: last.length + op.length } as RecipeOp
  else ops.push(op)
}

/** Turns copies and zeros too short to pay into literals. */
function joinShort(ops: readonly RecipeOp[]): RecipeOp[] {
  const joined: RecipeOp[] = []
  for (const op of ops) {
    append(joined, op.length < shortestCopy ? { kind: 'literal', length: op.length } : op)
  }
  return joined
}

function keepUsed<T extends Base>(
  bases: readonly T[],
  ops: readonly RecipeOp[],
): Pick<Difference<T>, 'bases' | 'ops'> {
  const used = [...new Set(ops.flatMap((op) => (op.kind === 'copy' ? [op.base] : [])))]
  return {
    bases: used.map((base) => bases[base]!),
    ops: ops.map((op) => (op.kind === 'copy' ? { ...op, base: used.indexOf(op.base) } : op)),
  }
}
