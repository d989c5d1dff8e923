import { dirname, join } from 'node:path'
import type { Disk } from './disk.ts'
import { type Elsewhere, nameIn } from './elsewhere.ts'
import type { ResolvedReference } from './model.ts'
import { anchoringOf } from './stored-path.ts'

/** Why a file that is there may not be found on another machine. */
export function hintForOrphan(reference: ResolvedReference): string | undefined {
  if (anchoringOf(reference.stored) !== 'working-directory' || reference.within) return undefined
  return 'The path does not begin with //, so Blender finds it only from some directories'
}

/** What may have become of a missing file. */
export function hintForMissing(
  missing: { path: string; blend: string; isForeign: boolean },
  disk: Disk,
  elsewhere: Elsewhere,
): string | undefined {
  const found = nearby(missing.path, missing.blend, disk) ?? elsewhere.find(missing.path)
  const hints = [
    ...(missing.isForeign ? ['The path belongs to another operating system'] : []),
    ...(found === undefined ? [] : [`Found a file of that name at ${found}`]),
  ]
  return hints.length > 0 ? hints.join('. ') : undefined
}

/** Beside the .blend, or a directory higher: also outside the project. */
function nearby(path: string, blend: string, disk: Disk): string | undefined {
  const name = nameIn(path)
  const dirs = [dirname(blend), dirname(dirname(path))]
  return dirs.map((dir) => join(dir, name)).find((file) => disk.stat(file)?.isFile)
}
