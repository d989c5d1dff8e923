import { isAbsolute, join, relative, resolve } from 'node:path'
import type { Services } from '../services.ts'
import { resolveVariables } from '../variables/main.ts'

/**
 * True for a path where the manager itself may read and write what jobs make: below the storage, `render_output_root` or
 * a directory that a variable names. A submission chooses its output folder, and whoever reaches the port may submit.
 */
export function isOutputPlace({ farm, variables }: Services, path: string): boolean {
  const { storage, renderOutputRoot, dataDir } = farm.config.current
  const { managerPlatform } = variables
  const named = resolveVariables(variables.variables(), {
    audience: 'workers',
    platform: managerPlatform,
  })
  const roots = [storage, renderOutputRoot, ...named.map(({ value }) => value)].filter(isAbsolute)
  // The store, the checkouts and the database are nobody's output, also where they lie below the storage.
  const own = [join(storage, 'file-store'), join(storage, 'jobs')]
  if (isBelow(dataDir, storage)) own.push(dataDir)
  const target = resolve(path)
  return roots.some((root) => isBelow(target, root)) && !own.some((dir) => isIn(target, dir))
}

function isIn(path: string, dir: string): boolean {
  return path === resolve(dir) || isBelow(path, dir)
}

function isBelow(path: string, dir: string): boolean {
  const way = relative(dir, path)
  return way !== '' && way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way)
}
