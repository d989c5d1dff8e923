import { gzipSync, zstdCompressSync } from 'node:zlib'

/** How a built file lays out its bytes. */
export interface FileLayout {
  pointerSize: 4 | 8
  littleEndian: boolean
  /** Header and block headers of Blender 5.0. */
  large: boolean
  version: number
}

/** The layouts that Blender has written. */
export const layouts: Record<string, FileLayout> = {
  le64: { pointerSize: 8, littleEndian: true, large: false, version: 403 },
  le32: { pointerSize: 4, littleEndian: true, large: false, version: 249 },
  be32: { pointerSize: 4, littleEndian: false, large: false, version: 240 },
  be64: { pointerSize: 8, littleEndian: false, large: false, version: 279 },
  large: { pointerSize: 8, littleEndian: true, large: true, version: 500 },
}

/** Fields as DNA declares them: `int flag`, `char name[64]`, `Image *ima`, `ListBase views`. */
export type StructTable = Record<string, readonly string[]>

/** A block: an array of structs, or raw bytes, or raw pointers. */
export interface BuiltBlock {
  code: string
  address: number
  struct?: string
  /** Values by field path; pointers are addresses. Several for an array of structs. */
  values?: Record<string, Value> | Record<string, Value>[]
  bytes?: Buffer
  pointers?: number[]
}

export type Value = number | string | Buffer | number[]

const basic: Record<string, number> = {
  char: 1,
  uchar: 1,
  short: 2,
  ushort: 2,
  int: 4,
  float: 4,
  int64_t: 8,
  double: 8,
  void: 0,
}

/** Structs that nearly every file needs, as small as they may be. */
export const commonStructs: StructTable = {
  Link: ['Link *next', 'Link *prev'],
  ListBase: ['void *first', 'void *last'],
  ID: ['void *next', 'void *prev', 'ID *newid', 'Library *lib', 'char name[66]', 'char _pad[6]'],
  Library: ['ID id', 'char name[1024]', 'PackedFile *packedfile', 'short flag', 'char _pad[6]'],
  PackedFile: ['int size', 'int seek', 'void *data'],
  Image: [
    'ID id',
    'char name[1024]',
    'PackedFile *packedfile',
    'ListBase views',
    'ListBase tiles',
    'short source',
    'char _pad[6]',
  ],
  ImageView: ['ImageView *next', 'ImageView *prev', 'char name[64]', 'char filepath[1024]'],
  ImageTile: ['ImageTile *next', 'ImageTile *prev', 'int tile_number', 'char _pad[4]'],
  ImageUser: ['Scene *scene', 'int frames', 'int offset', 'int sfra', 'char cycl', 'char _pad[3]'],
  Tex: ['ID id', 'Image *ima', 'ImageUser iuser'],
  Material: [
    'ID id',
    'Tex *tex',
    'bNodeTree *nodetree',
    'Material **others',
    'int totother',
    'int _pad',
  ],
  bNodeTree: ['ID id', 'ListBase nodes'],
  bNode: ['bNode *next', 'bNode *prev', 'char name[64]', 'ID *id', 'void *storage'],
  Scene: ['ID id', 'Material *mat', 'RenderData r'],
  RenderData: ['int sfra', 'int efra'],
  VFont: ['ID id', 'char name[1024]', 'PackedFile *packedfile'],
  bSound: ['ID id', 'char name[1024]', 'PackedFile *packedfile'],
  Text: ['ID id', 'char *name'],
  NodesModifierBake: [
    'int id',
    'int flag',
    'char *directory',
    'int bake_target',
    'int _pad',
    'void *packed',
  ],
  ModifierData: ['ModifierData *next', 'ModifierData *prev', 'char name[64]'],
  NodesModifierData: [
    'ModifierData modifier',
    'NodesModifierBake *bakes',
    'int bakes_num',
    'int bake_target',
    'char *simulation_bake_directory',
  ],
  Object: ['ID id', 'ListBase modifiers', 'void *data', 'ImageUser *iuser'],
  FileGlobal: ['char subvstr[4]', 'short subversion', 'short _pad', 'Scene *curscene'],
}

/** The bytes of a .blend with these blocks; DNA1 and ENDB are added. */
export function buildBlend(
  layout: FileLayout,
  blocks: readonly BuiltBlock[],
  structs: StructTable = commonStructs,
): Buffer {
  const types = measure(structs, layout)
  const names = Object.keys(structs)
  const parts: Buffer[] = [fileHeader(layout)]
  for (const block of blocks) {
    const { data, count } = encodeBlock(block, types, layout)
    const index = block.struct === undefined ? 0 : names.indexOf(block.struct)
    parts.push(blockHeader(layout, block.code, block.address, data.length, index, count), data)
  }
  const dna = encodeDna(structs, types, layout)
  parts.push(blockHeader(layout, 'DNA1', 1, dna.length, 0, 1), dna)
  parts.push(blockHeader(layout, 'ENDB', 0, 0, 0, 0))
  return Buffer.concat(parts)
}

export function asGzip(blend: Buffer): Buffer {
  return gzipSync(blend)
}

/** Frames of `frameBytes` each, as Blender writes them, with or without the seek table. */
export function asZstd(
  blend: Buffer,
  options: { frameBytes?: number; seekTable?: boolean } = {},
): Buffer {
  const { frameBytes = 1000, seekTable = true } = options
  const frames: Buffer[] = []
  const sizes: number[] = []
  for (let at = 0; at < blend.length; at += frameBytes) {
    const part = blend.subarray(at, at + frameBytes)
    frames.push(zstdCompressSync(part))
    sizes.push(part.length)
  }
  return Buffer.concat([...frames, ...(seekTable ? [seekTableOf(frames, sizes)] : [])])
}

/** The skippable frame that says how long each frame is, stored and decompressed. */
export function seekTableOf(frames: readonly Buffer[], sizes: readonly number[]): Buffer {
  const table = Buffer.alloc(8 + frames.length * 8 + 9)
  table.writeUInt32LE(0x184d2a5e, 0)
  table.writeUInt32LE(table.length - 8, 4)
  frames.forEach((frame, i) => {
    table.writeUInt32LE(frame.length, 8 + i * 8)
    table.writeUInt32LE(sizes[i]!, 12 + i * 8)
  })
  table.writeUInt32LE(frames.length, table.length - 9)
  table.writeUInt32LE(0x8f92eab1, table.length - 4)
  return table
}

interface Field {
  type: string
  declared: string
  bare: string
  isPointer: boolean
  length: number
  offset: number
  size: number
}

interface Struct {
  size: number
  fields: Map<string, Field>
}

function measure(structs: StructTable, layout: FileLayout): Map<string, Struct> {
  const done = new Map<string, Struct>()
  const build = (name: string): Struct => {
    const known = done.get(name)
    if (known) return known
    const fields = new Map<string, Field>()
    let offset = 0
    for (const text of structs[name] ?? []) {
      const [type, declared] = text.split(' ') as [string, string]
      const bare = declared.replace(/[*()]|\[.*/g, '')
      const isPointer = declared.startsWith('*')
      const length = Number(/\[(\d+)\]/.exec(declared)?.[1] ?? 1)
      const one = isPointer ? layout.pointerSize : (basic[type] ?? build(type).size)
      fields.set(bare, { type, declared, bare, isPointer, length, offset, size: one * length })
      offset += one * length
    }
    const struct = { size: offset, fields }
    done.set(name, struct)
    return struct
  }
  for (const name of Object.keys(structs)) build(name)
  return done
}

function encodeBlock(
  block: BuiltBlock,
  types: Map<string, Struct>,
  layout: FileLayout,
): { data: Buffer; count: number } {
  if (block.bytes) return { data: block.bytes, count: 1 }
  if (block.pointers) {
    const data = Buffer.alloc(block.pointers.length * layout.pointerSize)
    block.pointers.forEach((p, i) => {
      writePointer(data, i * layout.pointerSize, p, layout)
    })
    return { data, count: 1 }
  }
  const struct = types.get(block.struct ?? '')
  if (!struct) throw new Error(`no struct ${block.struct}`)
  const elements = Array.isArray(block.values) ? block.values : [block.values ?? {}]
  const data = Buffer.alloc(struct.size * elements.length)
  elements.forEach((values, i) => {
    for (const [path, value] of Object.entries(values)) {
      writeField(data, i * struct.size, struct, path, value, types, layout)
    }
  })
  return { data, count: elements.length }
}

function writeField(
  data: Buffer,
  base: number,
  struct: Struct,
  path: string,
  value: Value,
  types: Map<string, Struct>,
  layout: FileLayout,
): void {
  let at = base
  let current: Struct | undefined = struct
  let field: Field | undefined
  for (const name of path.split('.')) {
    field = current?.fields.get(name)
    if (!field) throw new Error(`no field ${path}`)
    at += field.offset
    current = types.get(field.type)
  }
  if (!field) return
  if (typeof value === 'string') data.write(value, at, field.size, 'utf8')
  else if (Buffer.isBuffer(value)) value.copy(data, at)
  else if (field.isPointer) writePointer(data, at, value as number, layout)
  else writeInteger(data, at, field.size / field.length, value as number, layout)
}

function writeInteger(
  data: Buffer,
  at: number,
  size: number,
  value: number,
  layout: FileLayout,
): void {
  if (layout.littleEndian) data.writeIntLE(value, at, Math.min(size, 6))
  else data.writeIntBE(value, at + Math.max(size - 6, 0), Math.min(size, 6))
}

function writePointer(data: Buffer, at: number, address: number, layout: FileLayout): void {
  if (layout.pointerSize === 8) {
    if (layout.littleEndian) data.writeBigUInt64LE(BigInt(address), at)
    else data.writeBigUInt64BE(BigInt(address), at)
  } else if (layout.littleEndian) data.writeUInt32LE(address, at)
  else data.writeUInt32BE(address, at)
}

function fileHeader({ pointerSize, littleEndian, large, version }: FileLayout): Buffer {
  if (large) return Buffer.from(`BLENDER17-01v${String(version).padStart(4, '0')}`)
  return Buffer.from(`BLENDER${pointerSize === 8 ? '-' : '_'}${littleEndian ? 'v' : 'V'}${version}`)
}

function blockHeader(
  layout: FileLayout,
  code: string,
  address: number,
  size: number,
  struct: number,
  count: number,
): Buffer {
  const { pointerSize, littleEndian, large } = layout
  const bytes = Buffer.alloc(large ? 32 : 16 + pointerSize)
  bytes.write(code, 'latin1')
  if (large) {
    bytes.writeInt32LE(struct, 4)
    bytes.writeBigUInt64LE(BigInt(address), 8)
    bytes.writeBigInt64LE(BigInt(size), 16)
    bytes.writeBigInt64LE(BigInt(count), 24)
    return bytes
  }
  const int = (value: number, at: number): unknown =>
    littleEndian ? bytes.writeInt32LE(value, at) : bytes.writeInt32BE(value, at)
  int(size, 4)
  writePointer(bytes, 8, address, layout)
  int(struct, 8 + pointerSize)
  int(count, 12 + pointerSize)
  return bytes
}

function encodeDna(
  structs: StructTable,
  measured: Map<string, Struct>,
  layout: FileLayout,
): Buffer {
  const types = [...new Set([...Object.keys(basic), ...Object.keys(structs)])]
  for (const { fields } of measured.values()) {
    for (const { type } of fields.values()) if (!types.includes(type)) types.push(type)
  }
  const names = [
    ...new Set(
      [...measured.values()].flatMap(({ fields }) => [...fields.values()].map((f) => f.declared)),
    ),
  ]
  const u16 = (value: number): Buffer => {
    const bytes = Buffer.alloc(2)
    if (layout.littleEndian) bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return bytes
  }
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (layout.littleEndian) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  let out = Buffer.concat([
    Buffer.from('SDNANAME'),
    u32(names.length),
    ...names.map((n) => Buffer.from(`${n}\0`)),
  ])
  const add = (...parts: Buffer[]): void => {
    const padding = Buffer.alloc((4 - (out.length % 4)) % 4)
    out = Buffer.concat([out, padding, ...parts])
  }
  add(Buffer.from('TYPE'), u32(types.length), ...types.map((n) => Buffer.from(`${n}\0`)))
  const size = (type: string): number => basic[type] ?? measured.get(type)?.size ?? 0
  add(Buffer.from('TLEN'), ...types.map((type) => u16(size(type))))
  const encoded = Object.keys(structs).flatMap((name) => {
    const fields = [...(measured.get(name)?.fields.values() ?? [])]
    const pairs = fields.flatMap((f) => [
      u16(types.indexOf(f.type)),
      u16(names.indexOf(f.declared)),
    ])
    return [u16(types.indexOf(name)), u16(fields.length), ...pairs]
  })
  add(Buffer.from('STRC'), u32(Object.keys(structs).length), ...encoded)
  return out
}
