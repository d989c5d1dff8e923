import { blockCode } from '../blend/blocks.ts'
import type { BlendFile } from '../blend/reader.ts'
import type { FieldContext } from './fields/context.ts'
import { fieldReaders } from './fields/table.ts'
import type { FrameUse, ImageUses } from './image-uses.ts'
import { librariesOf } from './libraries.ts'
import { dataBlockName, libraryOf } from './names.ts'
import type { PathReference } from './references.ts'
import type { PathMapping } from './stored-path.ts'
import type { Visit, Visits } from './visits.ts'
import { createWalker, isUserInterface } from './walk.ts'
import { planWalk } from './walk-plan.ts'

export interface VisitOptions {
  readonly all: boolean
  readonly mappings: readonly PathMapping[] | undefined
  readonly visits: Visits
  readonly images: ImageUses
}

const LIBRARY = blockCode('LI')
const PLACEHOLDER = blockCode('ID')

/** Notes the paths of everything in a file that is wanted, and asks libraries for what it links from them. */
export function visitBlend(entry: Visit, file: BlendFile, options: VisitOptions): void {
  const { all, mappings, visits, images } = options
  const { blend, isMain } = entry
  const nameOf = rememberNames(file)
  const libraries = librariesOf(file, blend.path, mappings)
  const report = reporterOf(blend.references)

  const link = (placeholder: number): void => {
    const library = libraries.get(libraryOf(file, placeholder))
    if (library?.reference) report(library.reference)
    if (library?.path === undefined) return
    visits.want({ path: library.path, packed: library.packed }, nameOf(placeholder))
  }
  const useImage = (block: number, frames: FrameUse | undefined, node: string): void => {
    const name = block < 0 ? '' : nameOf(block)
    if (!name.startsWith('IM')) return
    const isLinked = file.blocks.code[block] === PLACEHOLDER
    const holder = isLinked ? libraries.get(libraryOf(file, block))?.path : blend.path
    if (holder !== undefined) images.add(holder, name, frames, node)
  }
  const contextOf = (owner: number): FieldContext => ({
    owner,
    ownerName: owner < 0 ? '' : nameOf(owner),
    blend: blend.path,
    mainBlend: visits.main.blend.path,
    all,
    useImage,
    animate: images.animate,
    emit(reference) {
      const base = libraries.get(libraryOf(file, owner))?.archiveDir
      const isPlaced = base === undefined || reference.base !== undefined
      blend.references.push(isPlaced ? reference : { ...reference, base })
    },
  })

  const wants = (struct: string): boolean => fieldReaders.has(struct)
  entry.walker ??= createWalker(
    file.blocks.length,
    { plan: planWalk(file.dna, wants, all), wants, all },
    {
      onStruct: (struct, owner) => fieldReaders.get(struct.type.name)?.(struct, contextOf(owner)),
      onPlaceholder: link,
    },
  )
  if (isMain) for (const { reference } of libraries.values()) if (reference) report(reference)
  entry.walker.walk(file, takeRoots(entry, file, nameOf, all))
}

/** The data-blocks to enter now; afterwards nothing of this file is wanted until another one asks again. */
function takeRoots(
  entry: Visit,
  file: BlendFile,
  nameOf: (block: number) => string,
  all: boolean,
): number[] {
  const { code } = file.blocks
  const roots = file.dataBlocks.filter((block) => {
    if (code[block] === LIBRARY) return false
    if (entry.isMain) return all || !isUserInterface(code[block]!)
    return entry.wanted.has(nameOf(block))
  })
  for (const name of entry.wanted) entry.done.add(name)
  entry.wanted.clear()
  return roots
}

function rememberNames(file: BlendFile): (block: number) => string {
  const names = new Map<number, string>()
  return (block) => {
    let name = names.get(block)
    if (name === undefined) {
      name = dataBlockName(file, block)
      names.set(block, name)
    }
    return name
  }
}

/** Adds the path of a library once, however often the file is visited. */
function reporterOf(references: PathReference[]): (reference: PathReference) => void {
  const keyOf = ({ block, stored }: PathReference): string => `${block}\0${stored}`
  const reported = new Set(references.filter(({ kind }) => kind === 'library').map(keyOf))
  return (reference) => {
    if (reported.has(keyOf(reference))) return
    reported.add(keyOf(reference))
    references.push(reference)
  }
}
