import { accessSync, constants, readdirSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { decodePath, fsPath, hasLostBytes } from './stored-path.ts'

/** What is on disk, asked once each: a trace looks at the same directories again and again. */
export interface Disk {
  /** The file or directory at a path; undefined if there is none. */
  stat(path: string): DiskEntry | undefined
  /** Names in a directory, however its own path is spelled, sorted; empty if it can't be read. */
  names(dir: string): readonly string[]
  /** The path as it is really spelled, where only upper and lower case or Unicode form differ. */
  findRespelled(path: string): string | undefined
  /** The file or directory at a path, however it is spelled. */
  find(path: string): DiskEntry | undefined
}

export interface DiskEntry {
  readonly isFile: boolean
  readonly isDirectory: boolean
  readonly size: number
  readonly isReadable: boolean
}

export function createDisk(): Disk {
  const entries = new Map<string, DiskEntry | undefined>()
  const listings = new Map<string, readonly string[]>()
  const spellings = new Map<string, ReadonlyMap<string, string>>()

  /** The names in a directory by their {@link spellingKey}, the first of each. */
  const spellingsIn = (dir: string): ReadonlyMap<string, string> => {
    let byKey = spellings.get(dir)
    if (!byKey) {
      const names = disk.names(dir).toReversed()
      byKey = new Map(names.map((name) => [spellingKey(name), name]))
      spellings.set(dir, byKey)
    }
    return byKey
  }

  const disk: Disk = {
    stat(path) {
      if (!entries.has(path)) entries.set(path, look(path))
      return entries.get(path)
    },
    names(dir) {
      let names = listings.get(dir)
      if (!names) {
        names = list(disk.stat(dir) ? dir : (disk.findRespelled(dir) ?? dir))
        listings.set(dir, names)
      }
      return names
    },
    findRespelled(path) {
      const parent = dirname(path)
      if (parent === path) return disk.stat(path) ? path : undefined
      const dir = disk.stat(parent) ? parent : disk.findRespelled(parent)
      if (dir === undefined) return undefined
      const name = spellingsIn(dir).get(spellingKey(basename(path)))
      return name === undefined ? undefined : join(dir, name)
    },
    find(path) {
      const entry = disk.stat(path)
      const respelled = entry ? undefined : disk.findRespelled(path)
      return respelled === undefined ? entry : disk.stat(respelled)
    },
  }
  return disk
}

/** The same for names that differ only in upper and lower case or Unicode form. */
export function spellingKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function look(path: string): DiskEntry | undefined {
  if (path.includes('\0')) return undefined
  let stat: Stats | undefined
  try {
    stat = statSync(fsPath(path), { throwIfNoEntry: false })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') return unreadable
    return undefined
  }
  if (!stat) return undefined
  return {
    isFile: stat.isFile(),
    isDirectory: stat.isDirectory(),
    size: stat.size,
    isReadable: isReadable(path),
  }
}

const unreadable: DiskEntry = { isFile: true, isDirectory: false, size: 0, isReadable: false }

function isReadable(path: string): boolean {
  try {
    accessSync(fsPath(path), constants.R_OK)
    return true
  } catch {
    return false
  }
}

function list(dir: string): string[] {
  try {
    const names = readdirSync(fsPath(dir))
    if (names.every((name) => !name.includes('\ufffd'))) return names.sort()
    const raw = readdirSync(fsPath(dir), { encoding: 'buffer' })
    return raw.map(decodePath).sort()
  } catch {
    return []
  }
}

/** True if the name can travel as it is: valid Unicode. */
export function isPortableName(name: string): boolean {
  return !hasLostBytes(name)
}
