import { dirname } from 'node:path'
import { blockCode } from '../blend/blocks.ts'
import { BlendError } from '../blend/errors.ts'
import { type BlendFile, type BlendStruct, openBlend, openPackedBlend } from '../blend/reader.ts'
import { longestRead } from '../blend/source.ts'
import type { FieldContext } from './fields/context.ts'
import { fieldReaders } from './fields/table.ts'
import type { FrameRange, FrameUse } from './image-uses.ts'
import { dataBlockName, libraryOf } from './names.ts'
import type { PathReference } from './references.ts'
import { decodePath, type PathMapping, resolveStored } from './stored-path.ts'
import { createWalker, isUserInterface, type Walker } from './walk.ts'
import { planWalk } from './walk-plan.ts'

export interface GatherOptions {
  readonly blend: string
  /** Where the file is to be thought of, if it is a copy made elsewhere. */
  readonly as?: string | undefined
  readonly all?: boolean | undefined
  readonly mappings?: readonly PathMapping[] | undefined
  /** Only this file, not its libraries. */
  readonly alone?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBlend?: ((blend: string) => void) | undefined
}

/** A .blend that was read, or could not be. */
export interface GatheredBlend {
  /** Where it lies, or is to be thought of. */
  readonly path: string
  /** The file that was read. */
  readonly file: string
  readonly references: PathReference[]
  version?: number
  compression?: string
  size?: number
  error?: BlendError
  /** A library that is packed into the file that links it: its path is where it came from. */
  isPacked?: boolean
}

/** All paths that a .blend and its libraries hold, not yet looked up on disk. */
export interface Gathered {
  readonly main: GatheredBlend
  readonly blends: readonly GatheredBlend[]
  /** Frames in which images are shown, by {@link imageKey}; undefined: nobody knows which. */
  readonly imageUses: ReadonlyMap<string, readonly FrameUse[] | undefined>
  /** From the first frame of any scene of the main file to the last. */
  readonly sceneFrames: FrameRange | undefined
}

export function imageKey(blend: string, imageName: string): string {
  return `${blend}\0${imageName}`
}

const LIBRARY = blockCode('LI')
const PLACEHOLDER = blockCode('ID')
const filesKeptOpen = 8
const archiveFlag = 1

/** What is known about a .blend between visits: its walker remembers what it has seen. */
interface Visited {
  blend: GatheredBlend
  /** The bytes of a packed library. */
  packed: Buffer | undefined
  walker: Walker | undefined
  /** Data-block names to enter, or everything. */
  wanted: Set<string>
  done: Set<string>
  wantsEverything: boolean
}

/** Reads a .blend and, as far as it needs them, its libraries. */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const all = options.all ?? false
  const mainPath = options.as ?? options.blend
  const visited = new Map<string, Visited>()
  const imageUses = new Map<string, FrameUse[] | undefined>()
  const files = openFiles()
  let sceneFrames: FrameRange | undefined

  const visitedAt = (path: string, file = path, packed?: PackedLibrary): Visited => {
    const key = packed ? `${path}\0${packed.within}` : path
    let entry = visited.get(key)
    if (!entry) {
      const blend: GatheredBlend = { path, file, references: [] }
      if (packed) blend.isPacked = true
      const none = { wanted: new Set<string>(), done: new Set<string>() }
      entry = { blend, packed: packed?.bytes, walker: undefined, ...none, wantsEverything: false }
      visited.set(key, entry)
    }
    return entry
  }

  const main = visitedAt(mainPath, options.blend)
  main.wantsEverything = true
  try {
    for (let next: Visited | undefined = main; next; next = nextWanting(visited, options)) {
      options.signal?.throwIfAborted()
      options.onBlend?.(next.blend.path)
      const file = await openInto(next, files, next === main)
      if (file) visitBlend(next, file)
      else next.wanted.clear()
      // Reading is synchronous; between files others get their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    files.closeAll()
  }
  const blends = options.alone ? [main.blend] : [...visited.values()].map((v) => v.blend)
  return { main: main.blend, blends, imageUses, sceneFrames }

  function visitBlend(entry: Visited, file: BlendFile): void {
    const names = new Map<number, string>()
    const nameAt = (block: number): string => {
      let name = names.get(block)
      if (name === undefined) {
        name = dataBlockName(file, block)
        names.set(block, name)
      }
      return name
    }
    const libraries = librariesOf(file, entry, options.mappings)
    const link = (placeholder: number): void => {
      const library = libraries.get(libraryOf(file, placeholder))
      library?.report()
      if (library?.path === undefined) return
      const target = visitedAt(library.path, library.path, library.packed)
      const name = nameAt(placeholder)
      if (!target.done.has(name)) target.wanted.add(name)
    }
    const emit = (owner: number) => (reference: PathReference) => {
      const base = libraries.get(libraryOf(file, owner))?.archiveDir
      entry.blend.references.push(
        base === undefined || reference.base !== undefined ? reference : { ...reference, base },
      )
    }
    const useImage = (block: number, frames: FrameUse | undefined): void => {
      const name = nameAt(block)
      if (!name.startsWith('IM')) return
      const isLinked = file.blocks.code[block] === PLACEHOLDER
      const blend = isLinked ? libraries.get(libraryOf(file, block))?.path : entry.blend.path
      if (blend === undefined) return
      const key = imageKey(blend, name)
      const before = imageUses.has(key) ? imageUses.get(key) : []
      imageUses.set(key, before && frames && [...before, frames])
    }
    const contextOf = (owner: number): FieldContext => ({
      owner,
      ownerName: owner < 0 ? '' : nameAt(owner),
      blend: entry.blend.path,
      mainBlend: mainPath,
      all,
      emit: emit(owner),
      useImage,
    })
    entry.walker ??= createWalker(
      file.blocks.length,
      {
        plan: planWalk(file.dna, (name) => fieldReaders.has(name), all),
        wants: (name) => fieldReaders.has(name),
        all,
      },
      {
        onStruct: (struct, owner) => fieldReaders.get(struct.type.name)?.(struct, contextOf(owner)),
        onPlaceholder: link,
      },
    )
    if (entry === main) {
      for (const library of libraries.values()) library.report()
      sceneFrames = framesOfScenes(file)
    }
    entry.walker.walk(file, takeRoots(entry, file, nameAt, all))
  }
}

function framesOfScenes(file: BlendFile): FrameRange | undefined {
  let frames: FrameRange | undefined
  for (const block of file.withCode('SC')) {
    const scene = file.structAt(block)
    const [first, last] = [scene?.number('r.sfra') ?? 1, scene?.number('r.efra') ?? 1]
    frames = {
      first: Math.min(frames?.first ?? first, first),
      last: Math.max(frames?.last ?? last, last),
    }
  }
  return frames
}

/** The data-blocks to enter now; afterwards nothing of this file is wanted until another one asks again. */
function takeRoots(
  entry: Visited,
  file: BlendFile,
  nameAt: (block: number) => string,
  all: boolean,
): number[] {
  const { code } = file.blocks
  const roots = file.dataBlocks.filter((block) => {
    if (code[block] === LIBRARY) return false
    if (entry.wantsEverything) return all || !isUserInterface(code[block]!)
    return entry.wanted.has(nameAt(block))
  })
  for (const name of entry.wanted) entry.done.add(name)
  entry.wanted.clear()
  return roots
}

function nextWanting(
  visited: ReadonlyMap<string, Visited>,
  { alone = false }: Pick<GatherOptions, 'alone'>,
): Visited | undefined {
  if (alone) return undefined
  for (const entry of visited.values()) {
    if (entry.wanted.size > 0 && !entry.wantsEverything) return entry
    entry.wanted.clear()
  }
  return undefined
}

/** A library inside another file: its bytes, and that file. */
interface PackedLibrary {
  readonly bytes: Buffer
  readonly within: string
}

interface Library {
  /** Where the library lies, if it is a file of this system. */
  readonly path: string | undefined
  /** For an archive inside this file: where the paths of its data-blocks start. */
  readonly archiveDir?: string | undefined
  readonly packed?: PackedLibrary
  /** Tells once that the library is needed. */
  report(): void
}

/** The libraries of a file by block number. */
function librariesOf(
  file: BlendFile,
  entry: Visited,
  mappings: readonly PathMapping[] | undefined,
): ReadonlyMap<number, Library> {
  const libraries = new Map<number, Library>()
  const reported = new Set(entry.blend.references.filter((r) => r.kind === 'library').map(keyOf))
  const dir = dirname(entry.blend.path)
  for (const block of file.withCode('LI')) {
    const library = file.structAt(block)
    const text = library?.text('name')
    const place = library?.place('name')
    if (!library || !text || text.length === 0 || !place) continue
    const stored = decodePath(text)
    const path = resolveStored(stored, dir, mappings)
    const isArchive = ((library.number('flag') ?? 0) & archiveFlag) !== 0
    if (isArchive) {
      libraries.set(block, { path: undefined, archiveDir: path && dirname(path), report() {} })
      continue
    }
    if (library.isSet('packedfile')) {
      const bytes = packedBytes(library)
      const packed = bytes && { bytes, within: entry.blend.path }
      libraries.set(
        block,
        packed ? { path, packed, report() {} } : { path: undefined, report() {} },
      )
      continue
    }
    const reference: PathReference = {
      kind: 'library',
      stored,
      block: dataBlockName(file, block),
      property: 'filepath',
      expansion: { as: 'file' },
      place: { in: 'field', ...place },
    }
    const report = (): void => {
      if (reported.has(keyOf(reference))) return
      reported.add(keyOf(reference))
      entry.blend.references.push(reference)
    }
    libraries.set(block, { path, report })
  }
  return libraries
}

/** What a `PackedFile` holds; undefined if it is damaged or too large to be read at once. */
function packedBytes(library: BlendStruct): Buffer | undefined {
  const { file } = library
  const data = library.follow('packedfile')?.target('data') ?? -1
  if (data < 0 || file.blocks.size[data]! > longestRead) return undefined
  return file.bytesOf(data)
}

function keyOf(reference: PathReference): string {
  return `${reference.block}\0${reference.stored}`
}

interface OpenFiles {
  open(path: string, packed: Buffer | undefined): Promise<BlendFile>
  closeAll(): void
}

/** Keeps the last few files open: cyclic libraries are visited more than once. */
function openFiles(): OpenFiles {
  const open = new Map<string, BlendFile>()
  return {
    async open(path, packed) {
      if (packed) return openPackedBlend(path, packed)
      const known = open.get(path)
      open.delete(path)
      const file = known ?? (await openBlend(path))
      open.set(path, file)
      if (open.size > filesKeptOpen) {
        const [oldest, old] = open.entries().next().value as [string, BlendFile]
        old.close()
        open.delete(oldest)
      }
      return file
    },
    closeAll() {
      for (const file of open.values()) file.close()
      open.clear()
    },
  }
}

/** Opens a library, or notes why it can't be; the main file's problem is thrown. */
async function openInto(
  entry: Visited,
  files: OpenFiles,
  isMain: boolean,
): Promise<BlendFile | undefined> {
  const { blend } = entry
  if (blend.error) return undefined
  try {
    const file = await files.open(blend.file, entry.packed)
    blend.version = file.header.version
    blend.compression = file.stored.compression
    blend.size = file.stored.fileSize
    return file
  } catch (error) {
    if (isMain || !(error instanceof BlendError)) throw error
    blend.error = error
    return undefined
  }
}
