import { dirname, resolve } from 'node:path'
import { PackError } from '../errors.ts'
import {
  commonDir,
  createLayout,
  findProject,
  isBelow,
  isTooWide,
  type Layout,
  realDir,
} from './layout.ts'
import { isRelative, type LocatedBlend, type LocatedReference } from './resolve.ts'

/** Decides which directory is the project, and which directories outside it keep their structure. */
export function chooseLayout(
  blend: string,
  located: readonly LocatedBlend[],
  explicit: string | undefined,
): Layout {
  const project = explicit === undefined ? undefined : spelledAs(blend, resolve(explicit))
  if (project !== undefined && !isBelow(blend, project)) {
    throw new PackError('BLEND_OUTSIDE_PROJECT', `${blend} is not inside the project ${project}`, {
      hint: 'Name a directory above the .blend file.',
    })
  }
  const root = project ?? findProject(blend, relativeClosure(blend, located))
  const outsideRoots = located
    .filter((one) => !isBelow(one.blend.path, root))
    .map((one) => rootOfOutside(one, root))
  const whole = directoriesOf(located).filter((dir) => !isTooWide(dir) && !isBelow(root, dir))
  return createLayout(root, [...outsideRoots, ...whole, ...rootsOfLayers(located, root)])
}

/** The project as the path of the .blend spells it, where a symlink leads to one of them. */
function spelledAs(blend: string, project: string): string {
  if (isBelow(blend, project)) return project
  const real = realDir(project)
  for (let dir = dirname(blend); dir !== dirname(dir); dir = dirname(dir)) {
    if (realDir(dir) === real) return dir
  }
  return project
}

/** Directories that are needed whole, such as bakes. */
function directoriesOf(located: readonly LocatedBlend[]): string[] {
  return located.flatMap(({ references }) =>
    references.flatMap(({ expansion, target }) =>
      expansion.as === 'directory' && target !== undefined ? [target] : [],
    ),
  )
}

/** What is reached from a .blend by relative paths alone, library by library. */
function relativeClosure(blend: string, located: readonly LocatedBlend[]): Set<string> {
  const byPath = new Map(located.map((one) => [one.blend.path, one]))
  const packed = located.filter((one) => one.blend.isPacked).map((one) => one.blend.path)
  const reached = new Set<string>([blend, ...packed])
  for (const file of reached) {
    for (const reference of byPath.get(file)?.references ?? []) {
      const { target, within } = reference
      const isReached = within === undefined || reached.has(within)
      if (target !== undefined && isReached && isRelative(reference)) reached.add(target)
    }
  }
  return reached
}

function rootOfOutside(one: LocatedBlend, project: string): string {
  let root = dirname(one.blend.path)
  for (const reference of one.references) {
    if (reference.within === undefined) root = widened(root, reference, project)
  }
  return root
}

/** Of USD layers outside the project: the directories that hold them and what they name by relative paths. */
function rootsOfLayers(located: readonly LocatedBlend[], project: string): string[] {
  const roots = new Map<string, string>()
  for (const reference of located.flatMap(({ references }) => references)) {
    const { within } = reference
    if (within === undefined || isBelow(within, project)) continue
    roots.set(within, widened(roots.get(within) ?? dirname(within), reference, project))
  }
  return [...roots.values()]
}

function widened(root: string, reference: LocatedReference, project: string): string {
  if (reference.target === undefined || !isRelative(reference)) return root
  const wider = commonDir(root, dirname(reference.target))
  return isTooWide(wider) || isBelow(project, wider) ? root : wider
}
