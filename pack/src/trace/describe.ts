import { BlendError } from '../blend/errors.ts'
import type { Disk } from './disk.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { ExpandedFile } from './expand.ts'
import { hintForMissing, hintForOrphan } from './hints.ts'
import type { Layout } from './layout.ts'
import type { FileUser, ResolvedReference, TracedBlend, TracedFile } from './model.ts'
import type { PlacedBlend } from './resolve.ts'
import type { GatheredBlend } from './visits.ts'

/** What is known about a file before it is looked at: who named it first, and all who use it. */
interface Draft {
  readonly file: ExpandedFile
  readonly reference: ResolvedReference
  readonly blend: GatheredBlend
  readonly users: Map<string, FileUser>
}

export interface DescribeContext {
  readonly layout: Layout
  readonly disk: Disk
  readonly elsewhere: Elsewhere
}

/** One entry for each file, with all its users. */
export function describeFiles(
  placed: readonly PlacedBlend[],
  context: DescribeContext,
): TracedFile[] {
  const drafts = new Map<string, Draft>()
  for (const { blend, references } of placed) {
    for (const { reference, files } of references) {
      for (const file of files) addUser(drafts, file, reference, blend)
    }
  }
  const errors = new Map(placed.map(({ blend }) => [blend.path, blend.error]))
  return [...drafts.values()].map((draft) => describeFile(draft, context, errors))
}

function addUser(
  drafts: Map<string, Draft>,
  file: ExpandedFile,
  reference: ResolvedReference,
  blend: GatheredBlend,
): void {
  let draft = drafts.get(file.path)
  if (!draft) {
    draft = { file, reference, blend, users: new Map() }
    drafts.set(file.path, draft)
  }
  const { block, property } = reference
  draft.users.set(`${blend.path}\0${block}\0${property}`, { block, property, blend: blend.path })
}

function describeFile(
  draft: Draft,
  { layout, disk, elsewhere }: DescribeContext,
  errors: ReadonlyMap<string, BlendError | undefined>,
): TracedFile {
  const { file, reference, blend, users } = draft
  const isForeign = reference.target === undefined
  const common = {
    stored: reference.stored,
    kind: reference.kind,
    blend: blend.path,
    users: [...users.values()],
    packPath: isForeign ? '' : layout.packPath(file.path),
    ...(reference.within === undefined ? {} : { within: reference.within }),
  }
  const entry = isForeign ? undefined : disk.stat(file.path)
  if (entry?.isFile) {
    const isReadable = entry.isReadable && !errors.get(file.path)
    const status = !isReadable ? 'unreadable' : layout.isInside(file.path) ? 'ok' : 'outside'
    const hint = errors.get(file.path)?.message ?? hintForOrphan(reference)
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
  const missing = { path: file.path, blend: blend.path, isForeign }
  const hint = hintForMissing(missing, disk, elsewhere)
  return { path: file.path, ...common, status: 'missing', size: 0, ...(hint ? { hint } : {}) }
}

export function describeBlend({ blend, references }: PlacedBlend, layout: Layout): TracedBlend {
  const { path, file, version, compression, size = 0, error } = blend
  return {
    path,
    file,
    packPath: layout.packPath(layout.lexical(path)),
    size,
    ...(version === undefined ? {} : { version }),
    ...(compression === undefined ? {} : { compression }),
    ...(blend.isPacked ? { isPacked: true } : {}),
    references: references.map(({ reference }) => reference),
    ...(error instanceof BlendError ? { error: { code: error.code, message: error.message } } : {}),
  }
}
