import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tracePack } from '../../src/main.ts'
import {
  type BuiltBlock,
  buildBlend,
  commonStructs,
  layouts,
  type StructTable,
} from '../blend-builder.ts'
import { tempDir, write } from '../project-builder.ts'

/** Fields that no Blender at hand writes (too old, too new), or only with a window open. */
interface RareField {
  structs: StructTable
  blocks: BuiltBlock[]
  onDisk: string[]
  /** What of it a render needs, with its user. */
  needed: string[]
  /** With `--all`; the same if it is not told. */
  all?: string[]
}

const id = 'ID id'
const clip = (name: string, flag: number, address: number): BuiltBlock => ({
  code: 'MC',
  address,
  struct: 'MovieClip',
  values: { 'id.name': `MC${name}`, name: `//clip/${name}`, source: 2, flag, 'proxy.dir': '//own' },
})
const camera = (name: string, mode: number, address: number): BuiltBlock => ({
  code: 'CA',
  address,
  struct: 'Camera',
  values: { 'id.name': `CA${name}`, custom_mode: mode, custom_filepath: `//${name}.osl` },
})
const withModifier = (struct: string, values: Record<string, string | number>): BuiltBlock[] => [
  { code: 'OB', address: 1, struct: 'Object', values: { 'id.name': 'OBo', 'modifiers.first': 2 } },
  { code: 'DATA', address: 2, struct, values: { 'modifier.name': 'm', ...values } },
]

const fields: Record<string, RareField> = {
  'Camera.custom_filepath': {
    structs: { Camera: [id, 'char custom_filepath[1024]', 'int custom_mode', 'int _pad'] },
    blocks: [camera('external', 1, 1), camera('internal', 0, 2)],
    onDisk: ['external.osl', 'internal.osl'],
    needed: ['shader external.osl CAexternal custom_filepath'],
  },
  'VoxelData.source_path': {
    structs: {
      Tex: [id, 'VoxelData *vd'],
      VoxelData: ['short file_format', 'char _pad[6]', 'char source_path[1024]'],
    },
    blocks: [0, 3].flatMap((format) => [
      {
        code: 'TE',
        address: 10 + format,
        struct: 'Tex',
        values: { 'id.name': `TE${format}`, vd: 20 + format },
      },
      {
        code: 'DATA',
        address: 20 + format,
        struct: 'VoxelData',
        values: { file_format: format, source_path: `//voxels${format}.bin` },
      },
    ]),
    onDisk: ['voxels0.bin', 'voxels3.bin'],
    needed: ['volume voxels0.bin TE0 voxel_data.filepath'],
  },
  'FluidsimSettings.surfdataPath': {
    structs: {
      FluidsimModifierData: ['ModifierData modifier', 'FluidsimSettings *fss'],
      FluidsimSettings: ['char surfdataPath[1024]'],
    },
    blocks: [
      ...withModifier('FluidsimModifierData', { fss: 3 }),
      { code: 'DATA', address: 3, struct: 'FluidsimSettings', values: { surfdataPath: '//old' } },
    ],
    onDisk: ['old/fluidsurface_final_0001.bobj.gz', 'old/notes.txt'],
    needed: ['cache old/fluidsurface_final_0001.bobj.gz OBo modifiers[].settings.filepath'],
  },
  'NodesModifierBake.directory': {
    structs: {},
    blocks: [
      ...withModifier('NodesModifierData', {
        bakes: 3,
        bakes_num: 2,
        simulation_bake_directory: 6,
      }),
      {
        code: 'DATA',
        address: 3,
        struct: 'NodesModifierBake',
        values: [
          { id: 7, flag: 2, directory: 5, bake_target: 2 },
          { id: 8, bake_target: 2 },
        ],
      },
      { code: 'DATA', address: 5, bytes: Buffer.from('//own bake\0') },
      { code: 'DATA', address: 6, bytes: Buffer.from('//bakes\0') },
    ],
    onDisk: ['own bake/meta/1.json', 'bakes/8/meta/1.json', 'bakes/readme.txt'],
    needed: [
      'cache bakes/8/meta/1.json OBo modifiers["m"].bake_directory',
      'cache own bake/meta/1.json OBo modifiers["m"].bakes[7].directory',
    ],
  },
  'MovieClipProxy.dir': {
    structs: {
      MovieClip: [id, 'char name[1024]', 'int source', 'int flag', 'MovieClipProxy proxy'],
      MovieClipProxy: ['char dir[768]'],
    },
    blocks: [clip('none.mov', 0, 1), clip('beside.mov', 1, 2), clip('own.mov', 3, 3)],
    onDisk: [
      ...['clip/none.mov', 'clip/beside.mov', 'clip/own.mov'],
      ...['clip/BL_proxy/none.mov/proxy_50.avi', 'clip/BL_proxy/beside.mov/proxy_50.avi'],
      'own/own.mov/proxy_25/00000001.jpg',
    ],
    needed: ['none', 'beside', 'own'].map((n) => `movie clip/${n}.mov MC${n}.mov filepath`),
    all: [
      'proxy clip/BL_proxy/beside.mov/proxy_50.avi MCbeside.mov proxy.directory',
      'proxy own/own.mov/proxy_25/00000001.jpg MCown.mov proxy.directory',
    ],
  },
  'Editing.proxy_dir': {
    structs: {
      Scene: [id, 'Editing *ed'],
      Editing: ['ListBase seqbase', 'char proxy_dir[1024]', 'int proxy_storage', 'int _pad'],
      Sequence: [
        'Sequence *next',
        'Sequence *prev',
        'char name[64]',
        'int flag',
        'int type',
        'Strip *strip',
      ],
      Strip: ['StripElem *stripdata', 'char dir[768]', 'StripProxy *proxy'],
      StripElem: ['char name[256]'],
      StripProxy: ['char dir[768]', 'char file[256]', 'int storage', 'int _pad'],
    },
    blocks: [
      { code: 'SC', address: 1, struct: 'Scene', values: { 'id.name': 'SCs', ed: 2 } },
      {
        code: 'DATA',
        address: 2,
        struct: 'Editing',
        values: {
          'seqbase.first': 3,
          'seqbase.last': 3,
          proxy_dir: '//proxies',
          proxy_storage: 1,
        },
      },
      {
        code: 'DATA',
        address: 3,
        struct: 'Sequence',
        values: { name: 'SQcut', flag: 1 << 15, type: 3, strip: 4 },
      },
      {
        code: 'DATA',
        address: 4,
        struct: 'Strip',
        values: { stripdata: 5, dir: '//', proxy: 6 },
      },
      { code: 'DATA', address: 5, struct: 'StripElem', values: { name: 'cut.mov' } },
      // The strip's own directory counts only where the project does not keep them together.
      {
        code: 'DATA',
        address: 6,
        struct: 'StripProxy',
        values: { dir: '//elsewhere', storage: 4 },
      },
    ],
    onDisk: [
      'cut.mov',
      'proxies/cut.mov/proxy_50.avi',
      'proxies/other.mov/proxy_50.avi',
      'elsewhere/cut.mov/proxy_50.avi',
      'BL_proxy/cut.mov/proxy_50.avi',
    ],
    needed: ['movie cut.mov SCs sequence_editor.strips["cut"].filepath'],
    all: ['proxy proxies/cut.mov/proxy_50.avi SCs sequence_editor.strips["cut"].proxy'],
  },
}

for (const [name, { structs, blocks, onDisk, needed, all = [] }] of Object.entries(fields)) {
  for (const [layoutName, layout] of Object.entries(layouts)) {
    test(`${name} is followed in a ${layoutName} file`, async (t) => {
      const dir = tempDir(t)
      for (const path of onDisk) write(dir, path)
      const bytes = buildBlend(layout, blocks, { ...commonStructs, ...structs })
      const blend = write(dir, 'a.blend', bytes)
      assert.deepEqual(await usesIn(blend, dir, false), needed.toSorted())
      assert.deepEqual(await usesIn(blend, dir, true), [...needed, ...all].sort())
    })
  }
}

async function usesIn(blend: string, dir: string, all: boolean): Promise<string[]> {
  const { files } = await tracePack({ blend, all })
  return files
    .flatMap(({ kind, path, users }) =>
      users.map((u) => `${kind} ${path.replace(`${dir}/`, '')} ${u.block} ${u.property}`),
    )
    .sort()
}
