import { hash } from 'node:crypto'
import { type AddressIndex, indexAddresses } from './addresses.ts'
import { type BlockTable, blockCode, codeText, isDataBlockCode, scanBlocks } from './blocks.ts'
import { type Dna, type DnaField, type DnaStruct, parseDna } from './dna.ts'
import { BlendError, inFile } from './errors.ts'
import { type BlendHeader, longestHeader, parseHeader } from './header.ts'
import { numberBytes, pointerReader, readNumber } from './numbers.ts'
import { type OpenedSource, openBytes, openSource } from './open-source.ts'
import type { ByteSource } from './source.ts'

/** An open .blend: its blocks, its structs, and typed access to both. Nothing is read before it is asked for. */
export interface BlendFile {
  readonly path: string
  readonly header: BlendHeader
  readonly stored: OpenedSource
  readonly source: ByteSource
  readonly blocks: BlockTable
  readonly dna: Dna
  readonly addresses: AddressIndex
  /** Numbers of the data-blocks (IDs), in file order, placeholders of linked ones included. */
  readonly dataBlocks: readonly number[]
  /** Numbers of the blocks with that code, such as `IM` or `GLOB`. */
  withCode(code: string): number[]
  /** The struct at the start of a block (or its nth element); undefined for untyped bytes. */
  structAt(block: number, element?: number): BlendStruct | undefined
  /** A block's raw bytes. */
  bytesOf(block: number): Buffer
  close(): void
}

const DNA1 = blockCode('DNA1')

/** Opens a .blend of any Blender version, byte order, pointer size and compression. */
export async function openBlend(path: string): Promise<BlendFile> {
  try {
    const stored = await openSource(path)
    try {
      return readBlend(path, stored)
    } catch (error) {
      stored.bytes.close()
      throw error
    }
  } catch (error) {
    throw inFile(error, path)
  }
}

/** As {@link openBlend}, for a .blend inside another one. */
export async function openPackedBlend(path: string, bytes: Buffer): Promise<BlendFile> {
  try {
    return readBlend(path, await openBytes(bytes))
  } catch (error) {
    throw inFile(error, path)
  }
}

function readBlend(path: string, stored: OpenedSource): BlendFile {
  const source = stored.bytes
  const header = parseHeader(source.read(0, Math.min(longestHeader, source.size)))
  const blocks = scanBlocks(source, header)
  const dna = readDna(source, header, blocks)
  const dataBlocks: number[] = []
  for (let i = 0; i < blocks.length; i += 1) {
    if (isDataBlockCode(blocks.code[i]!)) dataBlocks.push(i)
  }
  let addresses: AddressIndex | undefined
  const file: BlendFile = {
    path,
    header,
    stored,
    source,
    blocks,
    dna,
    dataBlocks,
    get addresses() {
      addresses ??= indexAddresses(blocks)
      return addresses
    },
    withCode(text) {
      const code = blockCode(text)
      if (isDataBlockCode(code)) return dataBlocks.filter((i) => blocks.code[i] === code)
      const found: number[] = []
      for (let i = 0; i < blocks.length; i += 1) if (blocks.code[i] === code) found.push(i)
      return found
    },
    structAt: (block, element = 0) => structAt(file, block, element),
    bytesOf: (block) => source.read(blocks.offset[block]!, blocks.size[block]!),
    close: () => source.close(),
  }
  return file
}

/** Blender 5's has 0.2 MiB; it is read into memory at once. */
const largestDna = 64 * 1024 * 1024

/** DNA of files seen before: most files of a project share one, and decoding it is most of opening a small file. */
const knownDna = new Map<string, Dna>()

function readDna(source: ByteSource, header: BlendHeader, blocks: BlockTable): Dna {
  let at = blocks.length - 1
  while (at >= 0 && blocks.code[at] !== DNA1) at -= 1
  if (at < 0) {
    throw new BlendError('BLEND_CORRUPT', 'The description of its structs (DNA1) is missing')
  }
  if (blocks.size[at]! > largestDna) {
    const message = 'The description of its structs (DNA1) is implausibly large'
    throw new BlendError('BLEND_CORRUPT', message, { size: blocks.size[at]! })
  }
  const bytes = source.read(blocks.offset[at]!, blocks.size[at]!)
  const key = `${header.pointerSize}${header.littleEndian}${bytes.length}:${fingerprint(bytes)}`
  const known = knownDna.get(key)
  if (known) return known
  // A copy, so that the cached DNA does not keep a whole file's buffer alive.
  const dna = parseDna(Buffer.from(bytes), header)
  if (knownDna.size >= 16) knownDna.delete(knownDna.keys().next().value as string)
  knownDna.set(key, dna)
  return dna
}

function fingerprint(bytes: Buffer): string {
  return hash('sha1', bytes, 'base64')
}

function structAt(file: BlendFile, block: number, element: number): BlendStruct | undefined {
  const { blocks, dna, source } = file
  const index = blocks.struct[block]
  if (index === undefined || index === 0) return undefined
  const type = dna.struct(index)
  if (!type || type.size === 0) return undefined
  const start = element * type.size
  if (start + type.size > blocks.size[block]!) return undefined
  const offset = blocks.offset[block]! + start
  return new BlendStruct(file, block, type, offset, source.read(offset, type.size))
}

/** A struct in a file. Fields are named by path: `r.im_format.imtype`; the names are those on disk. */
export class BlendStruct {
  readonly file: BlendFile
  readonly block: number
  readonly type: DnaStruct
  /** In the decompressed file. */
  readonly offset: number
  readonly bytes: Buffer

  constructor(file: BlendFile, block: number, type: DnaStruct, offset: number, bytes: Buffer) {
    this.file = file
    this.block = block
    this.type = type
    this.offset = offset
    this.bytes = bytes
  }

  has(path: string): boolean {
    return this.locate(path) !== undefined
  }

  /** A number (element `index` of an array); undefined if there is no such field. */
  number(path: string, index = 0): number | undefined {
    const found = this.locate(path)
    if (!found || found.field.pointerDepth > 0 || index >= found.field.length) return undefined
    const { type, size, length } = found.field
    const one = size / length
    // A damaged file may give a type another size than it has.
    if (numberBytes[type] !== one) return undefined
    return readNumber(this.bytes, found.at + index * one, type, this.file.header)
  }

  /** The bytes of a `char` array up to its NUL; not always UTF-8. */
  text(path: string): Buffer | undefined {
    const raw = this.raw(path)
    if (!raw) return undefined
    const end = raw.indexOf(0)
    return end < 0 ? raw : raw.subarray(0, end)
  }

  /** A field's bytes as they are. */
  raw(path: string): Buffer | undefined {
    const found = this.locate(path)
    return found && this.bytes.subarray(found.at, found.at + found.field.size)
  }

  /** An embedded struct (element `index` of an array of them). */
  embedded(path: string, index = 0): BlendStruct | undefined {
    const found = this.locate(path)
    if (!found || found.field.pointerDepth > 0 || index >= found.field.length) return undefined
    const type = this.file.dna.struct(found.field.struct)
    if (!type) return undefined
    const at = found.at + index * type.size
    const bytes = this.bytes.subarray(at, at + type.size)
    return new BlendStruct(this.file, this.block, type, this.offset + at, bytes)
  }

  /** True if the pointer is set, whether or not what it points to was saved. */
  isSet(path: string): boolean {
    const found = this.locate(path)
    if (!found || found.field.pointerDepth === 0) return false
    const raw = this.bytes.subarray(found.at, found.at + this.file.header.pointerSize)
    return raw.some((byte) => byte !== 0)
  }

  /** Number of the block a pointer leads to, or -1. */
  target(path: string, index = 0): number {
    const found = this.locate(path)
    if (!found || found.field.pointerDepth === 0 || index >= found.field.length) return -1
    return this.targetAt(found.at + index * this.file.header.pointerSize)
  }

  /** The struct a pointer leads to. */
  follow(path: string): BlendStruct | undefined {
    const block = this.target(path)
    return block < 0 ? undefined : this.file.structAt(block)
  }

  /** The elements of a list (`ListBase`), linked by their first member; cycles end it. */
  *list(path: string): Generator<BlendStruct> {
    const head = this.embedded(path)
    const seen = new Set<number>()
    let next = head?.follow('first')
    while (next && !seen.has(next.block)) {
      seen.add(next.block)
      yield next
      const block = next.targetAt(0)
      next = block < 0 ? undefined : this.file.structAt(block)
    }
  }

  /** Where a field lies: its offset in the decompressed file, and its size. */
  place(path: string): { offset: number; size: number } | undefined {
    const found = this.locate(path)
    return found && { offset: this.offset + found.at, size: found.field.size }
  }

  /** Number of the block that the pointer at a byte of this struct leads to, or -1. */
  targetAt(at: number): number {
    return followPointer(this.file, this.bytes, at, this.file.blocks.owner[this.block]!)
  }

  private locate(path: string): { at: number; field: DnaField } | undefined {
    let type: DnaStruct | undefined = this.type
    let at = 0
    let field: DnaField | undefined
    for (const name of path.split('.')) {
      if (field) type = field.pointerDepth > 0 ? undefined : this.file.dna.struct(field.struct)
      field = type?.byName.get(name)
      if (!field) return undefined
      at += field.offset
    }
    return field && { at, field }
  }
}

/** Number of the block that a pointer in a data-block leads to, or -1. */
export function followPointer(file: BlendFile, bytes: Buffer, at: number, owner: number): number {
  const pointer = pointerReader(file.header)
  return file.addresses.find(owner, pointer.low(bytes, at), pointer.high(bytes, at))
}

/** The code of a block, in letters. */
export function codeOf(file: BlendFile, block: number): string {
  return codeText(file.blocks.code[block]!)
}
