import { dirname } from 'node:path'
import type { Disk } from './disk.ts'
import { type ExpandedFile, expand } from './expand.ts'
import type { Gathered } from './gather.ts'
import type { Layout } from './layout.ts'
import type { ResolvedReference } from './model.ts'
import type { PathReference } from './references.ts'
import { anchoringOf, type PathMapping, resolveStored } from './stored-path.ts'
import type { GatheredBlend } from './visits.ts'

/** A reference with the place on disk that it means, before anything is looked up there. */
export interface LocatedReference extends PathReference {
  readonly target: string | undefined
}

export interface LocatedBlend {
  readonly blend: GatheredBlend
  readonly references: readonly LocatedReference[]
}

/** A .blend whose references have been looked up. */
export interface PlacedBlend {
  readonly blend: GatheredBlend
  readonly references: readonly PlacedReference[]
}

export interface PlacedReference {
  readonly reference: ResolvedReference
  readonly files: readonly ExpandedFile[]
}

/** Turns what the .blend files store into places. */
export function locate(
  gathered: Gathered,
  mappings: readonly PathMapping[] | undefined,
): LocatedBlend[] {
  return gathered.blends.map((blend) => {
    const dir = dirname(blend.path)
    const references = blend.references.map((reference) => ({
      ...withFrames(reference, blend, gathered),
      target: resolveStored(reference.stored, reference.base ?? dir, mappings),
    }))
    return { blend, references }
  })
}

/** Frames are known only when every user of the image has been seen, in whichever file. */
function withFrames(
  reference: PathReference,
  blend: GatheredBlend,
  gathered: Gathered,
): PathReference {
  if (reference.expansion.as !== 'sequence' || !reference.block.startsWith('IM')) return reference
  const uses = gathered.usesOf(blend.path, reference.block)
  const { sceneFrames: scene } = gathered
  return uses ? { ...reference, expansion: { as: 'sequence', uses, scene } } : reference
}

/** Looks up the files that each reference means, and gives them their place in the pack. */
export function place(
  { blend, references }: LocatedBlend,
  layout: Layout,
  disk: Disk,
): PlacedBlend {
  return { blend, references: references.map((one) => placeReference(one, layout, disk)) }
}

export function placeReference(
  located: LocatedReference,
  layout: Layout,
  disk: Disk,
): PlacedReference {
  const target = located.target && layout.lexical(located.target)
  const files = filesOf({ ...located, target }, disk)
  const isThere = target !== undefined && files.some((file) => disk.find(file.path))
  const packTarget = target && layout.packPath(target)
  return { reference: { ...located, target, packTarget, isThere }, files }
}

/** True for a path that moves with the file that names it. */
export function isRelative({ stored, within }: PathReference): boolean {
  return anchoringOf(stored) === (within === undefined ? 'blend' : 'working-directory')
}

function filesOf(reference: LocatedReference, disk: Disk): ExpandedFile[] {
  if (reference.target === undefined) return [{ path: displayForeign(reference.stored) }]
  const files = expand(reference, reference.target, disk)
  return reference.optional ? files.filter((file) => disk.find(file.path)?.isFile) : files
}

/** Drives with the slashes they are written with today; shares stay recognisable as such. */
function displayForeign(stored: string): string {
  return stored.startsWith('\\\\') ? stored : stored.replaceAll('\\', '/')
}
