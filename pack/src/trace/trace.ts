import path from 'node:path'
import { BlendError } from '../blend/errors.ts'
import { createDisk, type Disk } from './disk.ts'
import { type ExpandedFile, expand } from './expand.ts'
import { type Gathered, type GatheredBlend, gather, imageKey } from './gather.ts'
import { commonDir, createLayout, findProject, isBelow, isTooWide, type Layout } from './layout.ts'
import type { DependencyKind, PathReference } from './references.ts'
import { anchoringOf, type PathMapping, resolveStored } from './stored-path.ts'

/** How a dependency was found on disk. */
export type FileStatus =
  | 'ok'
  /** There, but outside the project; it goes into a folder of its own. */
  | 'outside'
  | 'missing'
  /** Frames that a sequence should have. */
  | 'gap'
  | 'unreadable'
  /** There under a name that differs in case or Unicode form; the pack has it as the .blend spells it. */
  | 'case-mismatch'

/** The datablock and property that hold a path. */
export interface FileUser {
  readonly block: string
  readonly property: string
  readonly blend: string
}

/** One file that a .blend or its libraries need. */
export interface TracedFile {
  /** Absolute path of the file on disk; for a missing one, where it should be. */
  readonly path: string
  /** As the .blend stores it. */
  readonly stored: string
  readonly kind: DependencyKind
  readonly status: FileStatus
  readonly size: number
  /** The .blend that names it, absolute. */
  readonly blend: string
  readonly users: readonly FileUser[]
  /** POSIX path inside the checkout. */
  readonly packPath: string
  /** Missing frames, `5-9`. */
  readonly frames?: string
  readonly hint?: string
}

/** A .blend that was read, the main one first. */
export interface TracedBlend {
  /** Absolute, or where it is to be thought of (`as`). */
  readonly path: string
  /** The file that was read. */
  readonly file: string
  readonly packPath: string
  readonly size: number
  readonly version?: number
  readonly compression?: string
  readonly references: readonly ResolvedReference[]
  /** Packed into the file that links it: its path is where it came from. */
  readonly isPacked?: true
  /** Why a library could not be read. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** A stored path and the place on disk it means. */
export interface ResolvedReference extends PathReference {
  /** The file, the sequence's named frame, or the directory; undefined if on no disk of this system. */
  readonly target: string | undefined
  /** Where the target lies in the pack. */
  readonly packTarget: string | undefined
  /** True if at least one file of it exists. */
  readonly isThere: boolean
}

/** Everything a .blend needs. */
export interface Trace {
  readonly blend: string
  readonly project: string
  readonly files: readonly TracedFile[]
  readonly blends: readonly TracedBlend[]
  /** Paths that Blender listed and this trace did not find by itself; those that exist are among the files. */
  readonly onlyListed: readonly string[]
  readonly layout: Layout
  readonly mappings: readonly PathMapping[]
}

export interface TraceProgress {
  readonly blend: string
  readonly blendsDone: number
}

export interface TraceOptions {
  /** The .blend file. */
  readonly blend: string
  /** The project's root, if it is not to be found by marker. */
  readonly project?: string | undefined
  /** Where the file is to be thought of, if it is a copy made elsewhere. */
  readonly as?: string | undefined
  /** Also what rendering can't reach: brushes, proxies, everything in libraries' user interface. */
  readonly all?: boolean | undefined
  /** Absolute paths that lie elsewhere on this machine. */
  readonly mappings?: readonly PathMapping[] | undefined
  /** Absolute paths that Blender itself lists for this file: what the trace lacks of them is added. */
  readonly listed?: readonly string[] | undefined
  readonly onProgress?: ((progress: TraceProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Finds every file that a .blend and the libraries it reaches need, without Blender. */
export async function tracePack(options: TraceOptions): Promise<Trace> {
  const blend = path.resolve(options.blend)
  const as = options.as === undefined ? blend : path.resolve(options.as)
  let blendsDone = 0
  const gathered = await gather({
    blend,
    as,
    all: options.all,
    mappings: options.mappings,
    signal: options.signal,
    onBlend: (current) => options.onProgress?.({ blend: current, blendsDone: blendsDone++ }),
  })
  const resolved = gathered.blends.map((one) => resolveBlend(one, gathered, options.mappings))
  const layout = chooseLayout(as, resolved, options.project)
  const disk = createDisk()
  const placed = resolved.map((one) => placeBlend(one, layout, disk))
  const files = describeFiles(placed, layout, disk)
  const onlyListed = findOnlyListed(options.listed ?? [], files, placed, layout)
  return {
    blend: as,
    project: layout.project,
    files: [...files, ...describeListed(onlyListed, as, layout, disk)],
    blends: placed.map((one) => describeBlend(one, layout)),
    onlyListed,
    layout,
    mappings: options.mappings ?? [],
  }
}

/** Reads the paths of one .blend alone, all that it holds, and places them as a trace did. */
export async function traceAlone(
  blend: Pick<TracedBlend, 'path' | 'file'>,
  trace: Pick<Trace, 'layout' | 'mappings'>,
): Promise<readonly ResolvedReference[]> {
  const { layout, mappings } = trace
  const gathered = await gather({ blend: blend.file, as: blend.path, mappings, alone: true })
  const resolved = resolveBlend(gathered.main, gathered, mappings)
  return placeBlend(resolved, layout, createDisk()).references.map(({ reference }) => reference)
}

interface LocatedReference extends PathReference {
  readonly target: string | undefined
}

interface ResolvedBlend {
  readonly blend: GatheredBlend
  readonly references: readonly LocatedReference[]
}

interface PlacedBlend {
  readonly blend: GatheredBlend
  readonly references: readonly {
    readonly reference: ResolvedReference
    readonly files: readonly ExpandedFile[]
  }[]
}

function placeBlend({ blend, references }: ResolvedBlend, layout: Layout, disk: Disk): PlacedBlend {
  return {
    blend,
    references: references.map((located) => {
      const target = located.target && layout.lexical(located.target)
      const files = filesOf({ ...located, target }, disk)
      const isThere = target !== undefined && files.some((file) => isOnDisk(file.path, disk))
      const packTarget = target && layout.packPath(target)
      return { reference: { ...located, target, packTarget, isThere }, files }
    }),
  }
}

function isOnDisk(path: string, disk: Disk): boolean {
  return disk.stat(path)?.isFile === true || disk.findRespelled(path) !== undefined
}

function resolveBlend(
  blend: GatheredBlend,
  gathered: Gathered,
  mappings: readonly PathMapping[] | undefined,
): ResolvedBlend {
  const dir = path.dirname(blend.path)
  const references = blend.references.map((reference) => ({
    ...withFrames(reference, blend, gathered),
    target: resolveStored(reference.stored, reference.base ?? dir, mappings),
  }))
  return { blend, references }
}

/** Frames are known only when every user of the image has been seen, in whichever file. */
function withFrames(
  reference: PathReference,
  blend: GatheredBlend,
  gathered: Gathered,
): PathReference {
  if (reference.expansion.as !== 'sequence' || !reference.block.startsWith('IM')) return reference
  const uses = gathered.imageUses.get(imageKey(blend.path, reference.block))
  const { sceneFrames: scene } = gathered
  return uses ? { ...reference, expansion: { as: 'sequence', uses, scene } } : reference
}

function chooseLayout(
  blend: string,
  resolved: readonly ResolvedBlend[],
  explicit: string | undefined,
): Layout {
  const project = explicit === undefined ? undefined : path.resolve(explicit)
  if (project !== undefined && !isBelow(blend, project)) {
    throw new TraceError(
      'BLEND_OUTSIDE_PROJECT',
      `${blend} is not inside the project ${project}`,
      'Name a directory above the .blend file.',
    )
  }
  const root = project ?? findProject(blend, relativeClosure(blend, resolved))
  const outsideRoots = resolved
    .filter((one) => !isBelow(one.blend.path, root))
    .map((one) => rootOfOutside(one, root))
  const whole = directoriesOf(resolved).filter((dir) => !isTooWide(dir) && !isBelow(root, dir))
  return createLayout(root, [...outsideRoots, ...whole])
}

/** Directories that are needed whole, such as bakes. */
function directoriesOf(resolved: readonly ResolvedBlend[]): string[] {
  return resolved.flatMap(({ references }) =>
    references.flatMap(({ expansion, target }) =>
      expansion.as === 'directory' && target !== undefined ? [target] : [],
    ),
  )
}

/** What is reached from a .blend by relative paths alone, library by library. */
function relativeClosure(blend: string, resolved: readonly ResolvedBlend[]): Set<string> {
  const byPath = new Map(resolved.map((one) => [one.blend.path, one]))
  const packed = resolved.filter((one) => one.blend.isPacked).map((one) => one.blend.path)
  const reached = new Set<string>([blend, ...packed])
  for (const file of reached) {
    for (const reference of byPath.get(file)?.references ?? []) {
      if (reference.target !== undefined && isRelative(reference)) reached.add(reference.target)
    }
  }
  return reached
}

function rootOfOutside(one: ResolvedBlend, project: string): string {
  let root = path.dirname(one.blend.path)
  for (const reference of one.references) {
    if (reference.target === undefined || !isRelative(reference)) continue
    const wider = commonDir(root, path.dirname(reference.target))
    if (!isTooWide(wider) && !isBelow(project, wider)) root = wider
  }
  return root
}

function isRelative(reference: PathReference): boolean {
  return anchoringOf(reference.stored) === 'blend'
}

interface Draft {
  file: ExpandedFile
  reference: ResolvedReference
  blend: GatheredBlend
  users: FileUser[]
  userKeys: Set<string>
}

/** One entry for each file, with all its users. */
function describeFiles(placed: readonly PlacedBlend[], layout: Layout, disk: Disk): TracedFile[] {
  const drafts = new Map<string, Draft>()
  for (const { blend, references } of placed) {
    for (const { reference, files } of references) {
      for (const file of files) addDraft(drafts, file, reference, blend)
    }
  }
  const errors = new Map(placed.map(({ blend }) => [blend.path, blend.error]))
  return [...drafts.values()].map((draft) => finish(draft, layout, disk, errors))
}

function filesOf(reference: LocatedReference, disk: Disk): ExpandedFile[] {
  if (reference.target === undefined) return [{ path: displayForeign(reference.stored) }]
  const files = expand(reference, reference.target, disk)
  return reference.optional ? files.filter((file) => disk.stat(file.path)?.isFile) : files
}

/** Drives with the slashes they are written with today; shares stay recognisable as such. */
function displayForeign(stored: string): string {
  return stored.startsWith('\\\\') ? stored : stored.replaceAll('\\', '/')
}

function addDraft(
  drafts: Map<string, Draft>,
  file: ExpandedFile,
  reference: ResolvedReference,
  blend: GatheredBlend,
): void {
  let draft = drafts.get(file.path)
  if (!draft) {
    draft = { file, reference, blend, users: [], userKeys: new Set() }
    drafts.set(file.path, draft)
  }
  const { block, property } = reference
  const key = `${blend.path}\0${block}\0${property}`
  if (draft.userKeys.has(key)) return
  draft.userKeys.add(key)
  draft.users.push({ block, property, blend: blend.path })
}

function finish(
  draft: Draft,
  layout: Layout,
  disk: Disk,
  errors: ReadonlyMap<string, BlendError | undefined>,
): TracedFile {
  const { file, reference, blend, users } = draft
  const isForeign = reference.target === undefined
  const common = {
    stored: reference.stored,
    kind: reference.kind,
    blend: blend.path,
    users,
    packPath: isForeign ? '' : layout.packPath(file.path),
  }
  const entry = isForeign ? undefined : disk.stat(file.path)
  if (entry?.isFile) {
    const isReadable = entry.isReadable && !errors.get(file.path)
    const status = !isReadable ? 'unreadable' : layout.isInside(file.path) ? 'ok' : 'outside'
    const hint = errors.get(file.path)?.message ?? hintFor(reference)
    return { path: file.path, ...common, status, size: entry.size, ...(hint ? { hint } : {}) }
  }
  const respelled = isForeign ? undefined : disk.findRespelled(file.path)
  const found = respelled === undefined ? undefined : disk.stat(respelled)
  if (respelled !== undefined && found?.isFile) {
    const hint = `On disk it is ${respelled}`
    return { path: respelled, ...common, status: 'case-mismatch', size: found.size, hint }
  }
  if (file.frames !== undefined) {
    return { path: file.path, ...common, status: 'gap', size: 0, frames: file.frames }
  }
  const hint = missingHint(draft, disk)
  return { path: file.path, ...common, status: 'missing', size: 0, ...(hint ? { hint } : {}) }
}

/** Blender lists directories and tokens as they are stored, so targets count as found too. */
function findOnlyListed(
  listed: readonly string[],
  files: readonly TracedFile[],
  placed: readonly PlacedBlend[],
  layout: Layout,
): string[] {
  const known = new Set(files.map((file) => file.path))
  for (const { blend, references } of placed) {
    known.add(blend.path).add(blend.file)
    for (const { reference } of references) known.add(reference.target ?? '')
  }
  const paths = listed.map((file) => layout.lexical(path.resolve(file)))
  return [...new Set(paths)].filter((file) => !known.has(file))
}

function describeListed(
  paths: readonly string[],
  blend: string,
  layout: Layout,
  disk: Disk,
): TracedFile[] {
  return paths.flatMap((file): TracedFile[] => {
    const entry = disk.stat(file)
    if (!entry?.isFile) return []
    const status = !entry.isReadable ? 'unreadable' : layout.isInside(file) ? 'ok' : 'outside'
    const hint = 'Blender lists it, but no path in the files read leads to it'
    const place = { packPath: layout.packPath(file), size: entry.size }
    return [{ path: file, stored: file, kind: 'file', status, blend, users: [], ...place, hint }]
  })
}

function hintFor(reference: ResolvedReference): string | undefined {
  if (anchoringOf(reference.stored) !== 'working-directory') return undefined
  return 'The path does not begin with //, so Blender finds it only from some directories'
}

function missingHint({ file, reference, blend }: Draft, disk: Disk): string | undefined {
  if (reference.target === undefined) return 'The path belongs to another operating system'
  const name = path.basename(file.path)
  const nearby = [path.dirname(blend.path), path.dirname(path.dirname(file.path))]
  const found = nearby.map((dir) => path.join(dir, name)).find((p) => disk.stat(p)?.isFile)
  return found === undefined ? undefined : `There is a file of that name at ${found}`
}

function describeBlend({ blend, references }: PlacedBlend, layout: Layout): TracedBlend {
  const { path: where, file, version, compression, size = 0, error } = blend
  return {
    path: where,
    file,
    packPath: layout.packPath(layout.lexical(where)),
    size,
    ...(version === undefined ? {} : { version }),
    ...(compression === undefined ? {} : { compression }),
    ...(blend.isPacked ? { isPacked: true } : {}),
    references: references.map(({ reference }) => reference),
    ...(error instanceof BlendError ? { error: { code: error.code, message: error.message } } : {}),
  }
}

/** A trace that can't begin as asked. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
  readonly code: string
  readonly hint: string

  constructor(code: string, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}
