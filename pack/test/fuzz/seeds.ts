import { asGzip, asZstd, type BuiltBlock, buildBlend, layouts } from '../blend-builder.ts'

/** A small scene with something of everything that the tracer follows. */
export const scene: readonly BuiltBlock[] = [
  { code: 'GLOB', address: 0x10, struct: 'FileGlobal', values: { curscene: 0x100 } },
  {
    code: 'SC',
    address: 0x100,
    struct: 'Scene',
    values: { 'id.name': 'SCs', mat: 0x200, 'r.efra': 9 },
  },
  {
    code: 'MA',
    address: 0x200,
    struct: 'Material',
    values: { 'id.name': 'MAm', tex: 0x300, nodetree: 0x210, others: 0x220, totother: 2 },
  },
  {
    code: 'DATA',
    address: 0x210,
    struct: 'bNodeTree',
    values: { 'nodes.first': 0x230, 'nodes.last': 0x230 },
  },
  { code: 'DATA', address: 0x220, pointers: [0x200, 0x900] },
  {
    code: 'DATA',
    address: 0x230,
    struct: 'bNode',
    values: { name: 'n', id: 0x400, storage: 0x240 },
  },
  { code: 'DATA', address: 0x240, struct: 'ImageUser', values: { frames: 3, offset: 1 } },
  {
    code: 'TE',
    address: 0x300,
    struct: 'Tex',
    values: { 'id.name': 'TEt', ima: 0x400, 'iuser.frames': 4 },
  },
  {
    code: 'IM',
    address: 0x400,
    struct: 'Image',
    values: {
      'id.name': 'IMi',
      name: '//seq/a_0001.png',
      source: 2,
      'views.first': 0x410,
      'tiles.first': 0x430,
    },
  },
  {
    code: 'DATA',
    address: 0x410,
    struct: 'ImageView',
    values: { next: 0x420, name: 'l', filepath: '//l.png' },
  },
  {
    code: 'DATA',
    address: 0x420,
    struct: 'ImageView',
    values: { prev: 0x410, name: 'r', filepath: '//r.png' },
  },
  { code: 'DATA', address: 0x430, struct: 'ImageTile', values: { tile_number: 1002 } },
  {
    code: 'OB',
    address: 0x500,
    struct: 'Object',
    values: { 'id.name': 'OBo', 'modifiers.first': 0x510 },
  },
  {
    code: 'DATA',
    address: 0x510,
    struct: 'NodesModifierData',
    values: { 'modifier.name': 'gn', bakes: 0x520, bakes_num: 2, simulation_bake_directory: 0x530 },
  },
  {
    code: 'DATA',
    address: 0x520,
    struct: 'NodesModifierBake',
    values: [{ id: 1 }, { id: 2, flag: 2, directory: 0x540 }],
  },
  { code: 'DATA', address: 0x530, bytes: Buffer.from('//bakes\0') },
  { code: 'DATA', address: 0x540, bytes: Buffer.from('/abs/bake\0\0\0') },
  { code: 'VF', address: 0x600, struct: 'VFont', values: { 'id.name': 'VFf', name: '//f.ttf' } },
  { code: 'TX', address: 0x700, struct: 'Text', values: { 'id.name': 'TXt', name: 0x710 } },
  { code: 'DATA', address: 0x710, bytes: Buffer.from('//t.py\0\0') },
  {
    code: 'LI',
    address: 0x800,
    struct: 'Library',
    values: { 'id.name': 'LIl', name: '//lib.blend' },
  },
  { code: 'ID', address: 0x900, struct: 'ID', values: { name: 'MAlinked', lib: 0x800 } },
]

/** A file to damage: its bytes as they would lie on disk, and where its structure is. */
export interface Seed {
  name: string
  bytes: Buffer
  marks: readonly number[]
}

/** The scene in every layout, and some of them compressed. */
export function makeSeeds(): Seed[] {
  const plain = Object.entries(layouts).map(([name, layout]) => {
    const bytes = buildBlend(layout, scene)
    return { name, bytes, marks: marksOf(bytes) }
  })
  const [first] = plain
  if (!first) return plain
  return [
    ...plain,
    { name: 'gzip', bytes: asGzip(first.bytes), marks: [0] },
    { name: 'zstd', ...withEnds(asZstd(first.bytes, { frameBytes: 700 })) },
    { name: 'zstd, no table', ...withEnds(asZstd(first.bytes, { seekTable: false })) },
  ]
}

function withEnds(bytes: Buffer): Pick<Seed, 'bytes' | 'marks'> {
  return { bytes, marks: [0, bytes.length - 40, bytes.length - 9] }
}

/** Where block headers and struct descriptions begin. */
export function marksOf(bytes: Buffer): number[] {
  const marks = [0]
  for (const tag of [
    'DATA',
    'DNA1',
    'SDNA',
    'NAME',
    'TYPE',
    'TLEN',
    'STRC',
    'IM\0\0',
    'LI\0\0',
    'OB\0\0',
  ]) {
    for (let at = bytes.indexOf(tag); at >= 0; at = bytes.indexOf(tag, at + 4)) marks.push(at)
  }
  return marks
}
