import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { encodePath, fsPath, hasLostBytes } from './stored-path.ts'

/** Where each file lies in a pack. Whole directories keep their inner structure. */
export interface Layout {
  readonly project: string
  isInside(file: string): boolean
  /** The path below the project for one that leads into it by another way, such as past a symlink above it. */
  lexical(file: string): string
  /** POSIX path inside the checkout. */
  packPath(file: string): string
}

/** The directory in a pack for what lies outside the project. */
export const outsideDir = '_outside'

const markers = ['.blender_project', '.git', '.svn']

/**
 * The project's root: the nearest directory above the .blend that has a marker; else the deepest directory that holds
 * the .blend and all that it reaches by relative paths, as long as that is somewhere below the home directory or two
 * levels below the root.
 */
export function findProject(blend: string, relativeFiles: Iterable<string>): string {
  const own = path.dirname(blend)
  for (let dir = own; ; dir = path.dirname(dir)) {
    if (markers.some((marker) => existsSync(fsPath(path.join(dir, marker))))) return dir
    if (path.dirname(dir) === dir) break
  }
  let common = own
  for (const file of relativeFiles) {
    const wider = commonDir(common, path.dirname(file))
    if (!isTooWide(wider)) common = wider
  }
  return common
}

/** Directories that hold more than a project: the root, its children, home directories. */
export function isTooWide(dir: string): boolean {
  const home = homedir()
  if (dir === home || isBelow(home, dir)) return true
  return dir.split(path.sep).filter(Boolean).length < 2
}

/** The deepest directory that holds both. */
export function commonDir(a: string, b: string): string {
  let dir = a
  while (!isBelow(b, dir) && path.dirname(dir) !== dir) dir = path.dirname(dir)
  return dir
}

/** True if `file` is `dir` or lies below it. */
export function isBelow(file: string, dir: string): boolean {
  return file === dir || file.startsWith(dir.endsWith(path.sep) ? dir : dir + path.sep)
}

/**
 * @param outsideRoots directories outside the project whose inner structure must stay: those of outside .blend files
 *   with all that they reach by relative paths
 */
export function createLayout(project: string, outsideRoots: Iterable<string>): Layout {
  const roots = withoutNested([...outsideRoots])
  const real = realDir(project)
  return {
    project,
    isInside: (file) => isBelow(file, project),
    lexical(file) {
      if (isBelow(file, project) || !isBelow(file, real)) return file
      return path.join(project, path.relative(real, file))
    },
    packPath(file) {
      if (isBelow(file, project)) return portable(path.relative(project, file))
      const root = roots.find((dir) => isBelow(file, dir)) ?? path.dirname(file)
      return portable(path.join(outsideDir, shortName(root), path.relative(root, file)))
    },
  }
}

/** The directory without symlinks on the way; as it is if it can't be looked up. */
export function realDir(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}

function withoutNested(dirs: string[]): string[] {
  const kept: string[] = []
  for (const dir of dirs.sort((a, b) => a.length - b.length)) {
    if (!kept.some((wider) => isBelow(dir, wider))) kept.push(dir)
  }
  return kept
}

/** Short, and the same for the same directory in every pack: `textures-1a2b3c4d`. */
function shortName(dir: string): string {
  const digest = createHash('sha256').update(encodePath(dir)).digest('hex').slice(0, 8)
  const name = path
    .basename(dir)
    .replace(/[^\w.-]+/g, '_')
    .slice(0, 40)
  return name === '' ? digest : `${name}-${digest}`
}

/** Names that are no UTF-8 can't be sent: their odd bytes are spelled out. */
function portable(file: string): string {
  const posix = path.sep === '/' ? file : file.replaceAll(path.sep, '/')
  if (!hasLostBytes(posix)) return posix
  return posix.replace(/[\udc80-\udcff]/g, (c) => {
    return `%${(c.charCodeAt(0) - 0xdc00).toString(16).toUpperCase()}`
  })
}
