import { BlendError } from './errors.ts'
import type { BlendHeader } from './header.ts'

/** A member of a struct, as this file lays it out. */
export interface DnaField {
  /** Bare, without `*`, `[]` and `()`. */
  readonly name: string
  readonly type: string
  /** Number of the struct of that type, or -1 for a basic type. */
  readonly struct: number
  /** How many `*` precede the name; a function pointer counts as 1. */
  readonly pointerDepth: number
  readonly isFunction: boolean
  /** Elements, all dimensions multiplied; 1 if it is no array. */
  readonly length: number
  /** From the start of the struct. */
  readonly offset: number
  /** Of all elements. */
  readonly size: number
}

export interface DnaStruct {
  /** The number that block headers give. */
  readonly index: number
  readonly name: string
  readonly size: number
  readonly fields: readonly DnaField[]
  readonly byName: ReadonlyMap<string, DnaField>
}

/** The structs of a file: its own description of everything in it. */
export interface Dna {
  readonly pointerSize: 4 | 8
  readonly littleEndian: boolean
  readonly structCount: number
  struct(index: number): DnaStruct | undefined
  /** Calls for every field of every struct, without decoding them: a hundredth of the work. */
  scan(visit: ScanVisitor): void
  /** The name of a struct, without decoding it. */
  structName(index: number): string
  named(name: string): DnaStruct | undefined
  has(name: string): boolean
}

/**
 * @param struct number of the struct that has the field
 * @param target number of the struct that is the field's type, or -1
 * @param isPointer a pointer to data; functions are left out
 */
export type ScanVisitor = (
  struct: number,
  target: number,
  type: string,
  isPointer: boolean,
  position: number,
) => void

interface Declared {
  bare: string
  pointerDepth: number
  isFunction: boolean
  length: number
}

/** @param bytes the data of the DNA1 block */
export function parseDna(bytes: Buffer, header: BlendHeader): Dna {
  try {
    return parseSections(bytes, header)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw damaged('it ends too early', error)
  }
}

function parseSections(bytes: Buffer, header: BlendHeader): Dna {
  const u16 = (at: number): number =>
    header.littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
  const u32 = (at: number): number =>
    header.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  const expectTag = (at: number, tag: string): number => {
    if (bytes.toString('latin1', at, at + 4) !== tag)
      throw damaged(`${tag} is not where it belongs`)
    return at + 4
  }
  const strings = (at: number): { list: string[]; end: number } => {
    const count = u32(at)
    if (count > bytes.length) throw damaged(`${count} names`)
    const list = bytes.toString('latin1', at + 4).split('\0', count)
    let end = at + 4
    for (const text of list) end += text.length + 1
    if (list.length < count || end > bytes.length) throw damaged('a name does not end')
    return { list, end: (end + 3) & ~3 }
  }

  const names = strings(expectTag(expectTag(0, 'SDNA'), 'NAME'))
  const types = strings(expectTag(names.end, 'TYPE'))
  const lengthsAt = expectTag(types.end, 'TLEN')
  const structsAt = expectTag((lengthsAt + 2 * types.list.length + 3) & ~3, 'STRC')
  const starts = structStarts(structsAt, u16, u32(structsAt), bytes.length)

  const structOfType = new Int32Array(types.list.length).fill(-1)
  const indexByName = new Map<string, number>()
  starts.forEach((at, index) => {
    const type = u16(at)
    const name = types.list[type]
    if (name === undefined) throw damaged(`struct ${index} has no name`)
    structOfType[type] = index
    indexByName.set(name, index)
  })

  const declared: (Declared | undefined)[] = []
  const declaredAt = (index: number): Declared => {
    const text = names.list[index]
    if (text === undefined) throw damaged(`there is no name ${index}`)
    declared[index] ??= parseDeclaration(text)
    return declared[index]
  }
  const typeSize = (type: number): number => {
    if (type >= types.list.length) throw damaged(`there is no type ${type}`)
    return u16(lengthsAt + 2 * type)
  }

  // Structs are decoded when first asked for: a trace needs a tenth of them.
  const built: (DnaStruct | undefined)[] = []
  const build = (index: number): DnaStruct => {
    const at = starts[index]!
    const type = u16(at)
    const fields: DnaField[] = []
    let offset = 0
    for (let i = 0; i < u16(at + 2); i += 1) {
      const fieldType = u16(at + 4 + 4 * i)
      const declaration = declaredAt(u16(at + 6 + 4 * i))
      const one = declaration.pointerDepth > 0 ? header.pointerSize : typeSize(fieldType)
      const size = one * declaration.length
      fields.push({
        name: declaration.bare,
        type: types.list[fieldType] ?? '',
        struct: structOfType[fieldType] ?? -1,
        pointerDepth: declaration.pointerDepth,
        isFunction: declaration.isFunction,
        length: declaration.length,
        offset,
        size,
      })
      offset += size
    }
    const name = types.list[type]!
    const size = typeSize(type)
    if (offset !== size) throw damaged(`the struct ${name} has ${offset} bytes, not ${size}`)
    return { index, name, size, fields, byName: new Map(fields.map((f) => [f.name, f])) }
  }
  const struct = (index: number): DnaStruct | undefined => {
    if (!(index >= 0 && index < starts.length)) return undefined
    built[index] ??= build(index)
    return built[index]
  }
  const scan = (visit: ScanVisitor): void => {
    starts.forEach((at, index) => {
      const count = u16(at + 2)
      for (let i = 0; i < count; i += 1) {
        const type = u16(at + 4 + 4 * i)
        const first = names.list[u16(at + 6 + 4 * i)]?.charCodeAt(0)
        if (first === 0x28) continue // `(`: a function
        visit(index, structOfType[type] ?? -1, types.list[type] ?? '', first === 0x2a, i)
      }
    })
  }
  return {
    pointerSize: header.pointerSize,
    littleEndian: header.littleEndian,
    structCount: starts.length,
    struct,
    scan,
    structName: (index) => types.list[u16(starts[index] ?? structsAt)] ?? '',
    named: (name) => struct(indexByName.get(name) ?? -1),
    has: (name) => indexByName.has(name),
  }
}

function structStarts(
  at: number,
  u16: (at: number) => number,
  count: number,
  end: number,
): number[] {
  if (count > end) throw damaged(`${count} structs`)
  const starts: number[] = []
  let next = at + 4
  for (let i = 0; i < count; i += 1) {
    starts.push(next)
    next += 4 + 4 * u16(next + 2)
  }
  if (next > end) throw damaged('it ends too early')
  return starts
}

/** `*next`, `name[66]`, `**mat`, `(*func)()`, `rgba[4][4]`. */
function parseDeclaration(text: string): Declared {
  const isFunction = text.startsWith('(')
  let start = isFunction ? 1 : 0
  while (text[start] === '*') start += 1
  const pointerDepth = isFunction ? 1 : start
  if (isFunction)
    return { bare: text.slice(start).split(')')[0]!, pointerDepth, isFunction, length: 1 }
  const bracket = text.indexOf('[', start)
  if (bracket < 0) return { bare: text.slice(start), pointerDepth, isFunction, length: 1 }
  let length = 1
  for (const [, dimension] of text.matchAll(/\[(\d+)\]/g)) length *= Number(dimension)
  if (!Number.isSafeInteger(length)) throw damaged(`${text} is no declaration`)
  return { bare: text.slice(start, bracket), pointerDepth, isFunction, length }
}

function damaged(what: string, cause?: unknown): BlendError {
  const message = `The description of its structs (DNA1) is damaged: ${what}`
  return new BlendError('BLEND_CORRUPT', message, {}, { cause })
}
