import { type Digest, digestBytes, readDigest, writeDigest } from '../digest.ts'
import { DeltaError } from './errors.ts'
import {
  type BaseRange,
  type CopyCursor,
  contentSize,
  cursorAfter,
  firstCursor,
  literalBytes,
  literalCodings,
  mostOps,
  type Recipe,
  type RecipeFrame,
  type RecipeOp,
  recipeLimits,
} from './recipe.ts'
import { type ByteReader, createByteReader, createByteWriter } from './varint.ts'

const magic = 'SHR1'

/** Kinds of op on the wire, in the two low bits of an op's first number. */
const wire = { copyOn: 0, literal: 1, copyFrom: 2, zero: 3 } as const

/** Longest head a decoder needs to hold. */
export const maxRecipeHeadBytes = 4 * 1024 * 1024

/**
 * Encodes a recipe's head:
 *
 *     'SHR1'  u8 literal coding  u32le bytes that follow
 *     varint size
 *     u8 bases        each: 40 bytes of digest, varint unpacked size + 1 or 0
 *     varint ops      each: varint length * 4 + kind; `copyFrom` adds u8 base, zigzag distance from the cursor
 *     varint ranges   of the dictionary, each: u8 base, zigzag distance from the end of the last, varint length
 *     varint frames   each: varint unpacked length * 2 + 1 when copied
 *
 * The literal bytes follow the head on the wire.
 */
export function encodeRecipe(recipe: Recipe): Uint8Array {
  const body = encodeBody(recipe)
  const head = Buffer.alloc(magic.length + 5)
  head.write(magic, 'latin1')
  head[4] = literalCodings.indexOf(recipe.literalCoding)
  head.writeUInt32LE(body.length, 5)
  return Buffer.concat([head, body])
}

/** Length of the head that starts with `prefix`, or undefined while too few bytes are known. */
export function recipeHeadLength(prefix: Uint8Array): number | undefined {
  if (prefix.length < 9) return undefined
  const reader = createByteReader(prefix, invalid)
  if (reader.text(magic.length) !== magic) throw invalid('it does not start with its magic')
  reader.byte()
  const bytes = Buffer.from(reader.bytes(4)).readUInt32LE(0)
  if (bytes > maxRecipeHeadBytes) throw tooLarge('its list of ops is too long', { bytes })
  return 9 + bytes
}

/** Reads exactly one head. Whatever breaks a bound is refused, so the ops can be trusted to fit. */
export function decodeRecipe(head: Uint8Array): Recipe {
  if (recipeHeadLength(head) !== head.length) throw invalid('its head has another length')
  const reader = createByteReader(head, invalid)
  reader.bytes(magic.length)
  const literalCoding = literalCodings[reader.byte()]
  if (literalCoding === undefined) throw invalid('its literal coding is unknown')
  reader.bytes(4)
  const size = reader.varint()
  const bases = readBases(reader)
  const ops = readOps(reader, size, bases)
  const dictionary = readDictionary(reader, bases)
  const frames = readFrames(reader, size)
  if (reader.remaining() !== 0) throw invalid('bytes follow its ops')
  checkGrowth(size, bases, ops)
  return { size, bases, ops, literalCoding, dictionary, frames }
}

function encodeBody({ size, bases, ops, dictionary, frames }: Recipe): Uint8Array {
  const writer = createByteWriter(64 + bases.length * digestBytes + ops.length * 6)
  writer.varint(size)
  writer.byte(bases.length)
  for (const base of bases) {
    const digest = Buffer.alloc(digestBytes)
    writeDigest(digest, 0, base.digest)
    writer.bytes(digest)
    writer.varint(base.unpackedSize === undefined ? 0 : base.unpackedSize + 1)
  }
  writer.varint(ops.length)
  let cursor = firstCursor
  for (const op of ops) {
    writeOp(writer, op, cursor)
    cursor = cursorAfter(cursor, op)
  }
  writer.varint(dictionary.length)
  let end = 0
  for (const { base, offset, length } of dictionary) {
    writer.byte(base)
    writer.zigzag(offset - end)
    writer.varint(length)
    end = offset + length
  }
  writer.varint(frames.length)
  for (const { length, isCopied } of frames) writer.varint(length * 2 + Number(isCopied))
  return writer.finish()
}

function writeOp(
  writer: ReturnType<typeof createByteWriter>,
  op: RecipeOp,
  cursor: CopyCursor,
): void {
  if (op.kind !== 'copy') {
    writer.varint(op.length * 4 + (op.kind === 'literal' ? wire.literal : wire.zero))
  } else if (op.base === cursor.base && op.offset === cursor.offset) {
    writer.varint(op.length * 4 + wire.copyOn)
  } else {
    writer.varint(op.length * 4 + wire.copyFrom)
    writer.byte(op.base)
    writer.zigzag(op.offset - cursor.offset)
  }
}

function readBases(reader: ByteReader): Recipe['bases'] {
  const count = reader.byte()
  if (count > recipeLimits.bases) throw invalid('it has too many bases', { bases: count })
  return Array.from({ length: count }, () => {
    const digest = readBaseDigest(reader.bytes(digestBytes))
    const unpacked = reader.varint()
    return unpacked === 0 ? { digest } : { digest, unpackedSize: unpacked - 1 }
  })
}

function readBaseDigest(bytes: Uint8Array): Digest {
  try {
    return readDigest(Buffer.from(bytes), 0)
  } catch (cause) {
    throw invalid('a base has an impossible digest', {}, cause)
  }
}

function readOps(reader: ByteReader, size: number, bases: Recipe['bases']): RecipeOp[] {
  const count = readCount(reader, mostOps(size))
  const ops: RecipeOp[] = []
  let cursor = firstCursor
  let left = size
  for (let index = 0; index < count; index++) {
    const op = readOp(reader, cursor)
    if (op.length === 0 || op.length > left) throw invalid('an op is empty or too long', { index })
    if (op.kind === 'copy') checkRange(op, bases)
    left -= op.length
    cursor = cursorAfter(cursor, op)
    ops.push(op)
  }
  if (left !== 0) throw invalid('its ops do not add up to its size', { missing: left })
  return ops
}

function readOp(reader: ByteReader, cursor: CopyCursor): RecipeOp {
  const first = reader.varint()
  const length = Math.floor(first / 4)
  switch (first % 4) {
    case wire.literal:
      return { kind: 'literal', length }
    case wire.zero:
      return { kind: 'zero', length }
    case wire.copyOn:
      return { kind: 'copy', ...cursor, length }
    default: {
      const base = reader.byte()
      return { kind: 'copy', base, offset: cursor.offset + reader.zigzag(), length }
    }
  }
}

function readDictionary(reader: ByteReader, bases: Recipe['bases']): BaseRange[] {
  const count = readCount(reader, recipeLimits.dictionaryRanges)
  let end = 0
  let total = 0
  return Array.from({ length: count }, () => {
    const base = reader.byte()
    const offset = end + reader.zigzag()
    const length = reader.varint()
    if (length === 0) throw invalid('a part of its dictionary is empty')
    checkRange({ base, offset, length }, bases)
    end = offset + length
    total += length
    if (total > recipeLimits.dictionaryBytes) throw tooLarge('its dictionary is too large', {})
    return { base, offset, length }
  })
}

function readFrames(reader: ByteReader, size: number): RecipeFrame[] {
  let left = size
  const frames = Array.from({ length: readCount(reader, recipeLimits.frames) }, () => {
    const number = reader.varint()
    const length = Math.floor(number / 2)
    if (length === 0 || length > recipeLimits.frameBytes || length > left) {
      throw invalid('a frame has an impossible length')
    }
    left -= length
    return { length, isCopied: number % 2 === 1 }
  })
  if (frames.length > 0 && left !== 0) throw invalid('its frames do not add up to its size')
  return frames
}

/** A count of things of at least one byte each: more than the bytes at hand is a lie. */
function readCount(reader: ByteReader, most: number): number {
  const count = reader.varint()
  if (count > most) throw tooLarge('one of its lists is too long', { count })
  if (count > reader.remaining()) throw invalid('it is cut short')
  return count
}

function checkRange({ base: index, offset, length }: BaseRange, bases: Recipe['bases']): void {
  const base = bases[index]
  if (base === undefined) throw invalid('it names a base that is not listed', { base: index })
  const size = contentSize(base)
  if (offset < 0 || offset > size || length > size - offset) {
    throw invalid('it reaches outside its base', { base: index, offset, length })
  }
}

function checkGrowth(size: number, bases: Recipe['bases'], ops: readonly RecipeOp[]): void {
  const held = bases.reduce((total, base) => total + contentSize(base), 0)
  const most = held * recipeLimits.growth + literalBytes(ops) + recipeLimits.growthSlack
  if (size > most) throw tooLarge('it makes too much out of too little', { size, most })
}

function invalid(
  reason: string,
  detail: Record<string, unknown> = {},
  cause?: unknown,
): DeltaError {
  return new DeltaError(
    'RECIPE_INVALID',
    `This recipe cannot be used: ${reason}`,
    { reason, ...detail },
    { cause },
  )
}

function tooLarge(reason: string, detail: Record<string, unknown>): DeltaError {
  return new DeltaError('RECIPE_TOO_LARGE', `This recipe is refused: ${reason}`, {
    reason,
    ...detail,
  })
}
