import { posix } from 'node:path'
import type { ResolvedReference } from '../trace/model.ts'
import { anchoringOf } from '../trace/stored-path.ts'

/** A path in a .blend that must change for the pack. */
export interface PathEdit {
  readonly reference: ResolvedReference
  /** The new path, relative to the .blend's place in the pack: `//../tex/a.png`. */
  readonly stored: string
}

/**
 * The paths of a .blend that would not lead to the right file in the pack: absolute ones, those to files outside the
 * project, and those that go through directories which the pack does not have. All others stay as they are.
 *
 * @param packDirs directories that the pack has, POSIX, without the root
 */
export function findEdits(
  packPath: string,
  references: readonly ResolvedReference[],
  packDirs: ReadonlySet<string>,
): PathEdit[] {
  const edits: PathEdit[] = []
  for (const reference of references) {
    if (!reference.isThere || reference.packTarget === undefined) continue
    if (reference.place.in === 'nowhere' || reference.base !== undefined) continue
    if (resolvesInPack(packPath, reference.stored, packDirs) === reference.packTarget) continue
    edits.push({ reference, stored: relativePath(packPath, reference.packTarget) })
  }
  return edits
}

/** What a `//` path means inside the pack; undefined if it leads nowhere. */
export function resolvesInPack(
  packPath: string,
  stored: string,
  packDirs: ReadonlySet<string>,
): string | undefined {
  if (anchoringOf(stored, 'linux') !== 'blend') return undefined
  const parts = packPath.split('/').slice(0, -1)
  for (const part of stored.slice(2).replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') {
      parts.push(part)
      continue
    }
    // The system looks up `a` for `a/..`, so it has to be there.
    if (parts.length === 0 || !packDirs.has(parts.join('/'))) return undefined
    parts.pop()
  }
  return parts.join('/')
}

function relativePath(packPath: string, target: string): string {
  return `//${posix.relative(posix.dirname(packPath), target)}`
}
