import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { spellingKey } from './disk.ts'

/** Knows where in a project files of some name are. */
export interface Elsewhere {
  /** The file of that name whose directories are most like those of the path; undefined if there is none. */
  find(missing: string): string | undefined
}

// Enough for a big show, and read in a tenth of a second; it is only for a hint.
const mostNames = 20_000
const skipped = /^(\.|__pycache__$|node_modules$)/

/** Looks through the project when first asked. */
export function lookElsewhere(project: string): Elsewhere {
  let places: Map<string, string[]> | undefined
  return {
    find(missing) {
      places ??= filesBelow(project)
      const found = places.get(spellingKey(nameIn(missing))) ?? []
      const likeness = (file: string): number => sharedEnd(file, missing)
      return found.toSorted((a, b) => likeness(b) - likeness(a) || a.length - b.length)[0]
    },
  }
}

/** Breadth first, so that the bound cuts off what lies deepest. */
function filesBelow(root: string): Map<string, string[]> {
  const places = new Map<string, string[]>()
  const dirs = [root]
  let names = 0
  for (const dir of dirs) {
    for (const entry of entriesOf(dir)) {
      names += 1
      if (names > mostNames) return places
      const path = join(dir, entry.name)
      if (entry.isDirectory() && !skipped.test(entry.name)) dirs.push(path)
      if (!entry.isFile()) continue
      const key = spellingKey(entry.name)
      const same = places.get(key)
      if (same) same.push(path)
      else places.set(key, [path])
    }
  }
  return places
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}

/** The name that a path of any operating system ends with. */
export function nameIn(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? ''
}

/** How many of the directories before the name are called the same. */
function sharedEnd(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => path.split(/[\\/]/).reverse()) as [string[], string[]]
  const differs = left.findIndex((name, i) => i > 0 && name !== right[i])
  return differs < 0 ? left.length : differs
}
