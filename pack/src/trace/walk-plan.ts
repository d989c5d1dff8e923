import type { Dna, DnaField, DnaStruct } from '../blend/dna.ts'

/** Which pointers of a struct lead anywhere that matters: byte offsets, and whether they point to pointers. */
export interface StructPlan {
  readonly size: number
  readonly offsets: readonly number[]
  readonly toPointers: readonly boolean[]
}

/** For every struct of a DNA: its plan, or undefined where nothing in it can lead to a file. */
export type WalkPlan = (struct: number) => StructPlan | undefined

/**
 * Pointers that are no dependency: links of Blender's own bookkeeping, where the data came from, and what only the
 * user interface shows.
 */
const ignored = new Set([
  'ID.next',
  'ID.prev',
  'ID.newid',
  'ID.orig_id',
  'ID.py_instance',
  'ID.lib',
  'ID.library_weak_reference',
  'ID.asset_data',
  'ID.runtime',
  'Library.parent',
  'Library.runtime',
  'Library.archive_parent_library',
  'Key.from',
  'Object.proxy_from',
  'bNodeTree.owner_id',
  'Collection.owner_id',
  'CollectionParent.collection',
  'IDOverrideLibrary.hierarchy_root',
])
const ignoredUnlessAll = new Set(['Scene.toolsettings', 'Image.gpuframenr', 'Object.mode'])

/** Basic types whose memory holds no pointers; `void` may be anything. */
const plainTypes = new Set(
  'char uchar int8_t uint8_t short ushort int uint long ulong int64_t uint64_t float double bool'.split(
    ' ',
  ),
)

/**
 * @param holdsPaths structs that matter in themselves
 * @param all also what rendering can't reach
 */
export function planWalk(dna: Dna, holdsPaths: (name: string) => boolean, all: boolean): WalkPlan {
  const known = plansOf.get(dna) ?? new Map<boolean, WalkPlan>()
  plansOf.set(dna, known)
  const plan = known.get(all) ?? makePlan(dna, holdsPaths, all)
  known.set(all, plan)
  return plan
}

/** Files of a project share their DNA, so they share the plan. */
const plansOf = new WeakMap<Dna, Map<boolean, WalkPlan>>()

function makePlan(dna: Dna, holdsPaths: (name: string) => boolean, all: boolean): WalkPlan {
  const matters = findStructsThatMatter(dna, holdsPaths)
  const plans = new Map<number, StructPlan | undefined>()
  return (index) => {
    if (!plans.has(index)) {
      const struct = matters[index] === 1 ? dna.struct(index) : undefined
      plans.set(index, struct && planStruct(dna, struct, matters, all))
    }
    return plans.get(index)
  }
}

/**
 * A struct matters if it holds paths, is a data-block, or leads to one that does. Vertices, keys and pixels don't,
 * and they are nearly all of a file.
 */
function findStructsThatMatter(dna: Dna, holdsPaths: (name: string) => boolean): Uint8Array {
  const matters = new Uint8Array(dna.structCount)
  const leadsHere: number[][] = Array.from({ length: dna.structCount }, () => [])
  const pending: number[] = []
  const mark = (index: number): void => {
    if (matters[index] === 1) return
    matters[index] = 1
    pending.push(index)
  }
  for (let index = 1; index < dna.structCount; index += 1) {
    if (dna.structName(index) === 'ID' || holdsPaths(dna.structName(index))) mark(index)
  }
  dna.scan((struct, target, type, isPointer, position) => {
    if (struct === 0) return
    // Every data-block begins with its `ID`.
    const isDataBlock = position === 0 && type === 'ID' && !isPointer
    const isAnything = isPointer && (target === 0 || (target < 0 && type === 'void'))
    if (isDataBlock || isAnything) mark(struct)
    if (target > 0) leadsHere[target]!.push(struct)
  })
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    for (const from of leadsHere[index]!) mark(from)
  }
  return matters
}

function planStruct(dna: Dna, struct: DnaStruct, matters: Uint8Array, all: boolean): StructPlan {
  const offsets: number[] = []
  const toPointers: boolean[] = []
  const visit = (current: DnaStruct, base: number): void => {
    for (const field of current.fields) {
      const name = `${current.name}.${field.name}`
      if (field.isFunction || ignored.has(name) || (!all && ignoredUnlessAll.has(name))) continue
      if (field.pointerDepth === 0) visitEmbedded(field, base)
      else if (isWorthFollowing(field, matters)) addPointers(field, base)
    }
  }
  const visitEmbedded = (field: DnaField, base: number): void => {
    const inner = matters[field.struct] === 1 ? dna.struct(field.struct) : undefined
    if (!inner) return
    for (let i = 0; i < field.length; i += 1) visit(inner, base + field.offset + i * inner.size)
  }
  const addPointers = (field: DnaField, base: number): void => {
    for (let i = 0; i < field.length; i += 1) {
      offsets.push(base + field.offset + i * dna.pointerSize)
      toPointers.push(field.pointerDepth > 1)
    }
  }
  visit(struct, 0)
  return { size: struct.size, offsets, toPointers }
}

function isWorthFollowing(field: DnaField, matters: Uint8Array): boolean {
  if (plainTypes.has(field.type)) return false
  // Struct 0 stands for bytes of any kind (`Link` in old files); a pointer to it says nothing about its target.
  return field.struct <= 0 || matters[field.struct] === 1
}
