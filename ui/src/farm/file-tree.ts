export interface TreeFile {
  path: string
  sha: string
  size: number
}

export interface TreeRow {
  /** The whole path; a folder's ends with a slash. */
  path: string
  name: string
  depth: number
  size: number
  /** Files in a folder, at any depth. */
  files: number
  file: TreeFile | undefined
}

interface Folder {
  folders: Map<string, Folder>
  files: TreeFile[]
  size: number
  count: number
}

/** The rows of a folder tree: each folder before what is in it, the largest first. */
export function treeRows(files: readonly TreeFile[], open: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = []
  const list = (folder: Folder, path: string, depth: number): void => {
    const folders = [...folder.folders].sort(([, a], [, b]) => b.size - a.size)
    for (const [name, inner] of folders) {
      const whole = `${path}${name}/`
      rows.push({ path: whole, name, depth, size: inner.size, files: inner.count, file: undefined })
      if (open.has(whole)) list(inner, whole, depth + 1)
    }
    for (const file of folder.files.toSorted((a, b) => b.size - a.size)) {
      const name = file.path.slice(path.length)
      rows.push({ path: file.path, name, depth, size: file.size, files: 1, file })
    }
  }
  list(treeOf(files), '', 0)
  return rows
}

export interface LevelItem {
  /** The whole path; a folder's ends with a slash. */
  key: string
  label: string
  bytes: number
  group: string
  file: TreeFile | undefined
}

const shownOfLevel = 500

/** What lies in a folder (a path with a slash at its end, or empty): files, and folders with all below them. */
export function levelOf(files: readonly TreeFile[], folder: string): LevelItem[] {
  const items = new Map<string, LevelItem>()
  for (const file of files) {
    if (!file.path.startsWith(folder)) continue
    const rest = file.path.slice(folder.length)
    const cut = rest.indexOf('/')
    const label = cut < 0 ? rest : rest.slice(0, cut)
    const key = `${folder}${label}${cut < 0 ? '' : '/'}`
    const known = items.get(key)
    if (known) known.bytes += file.size
    else
      items.set(key, {
        key,
        label,
        bytes: file.size,
        group: '',
        file: cut < 0 ? file : undefined,
      })
  }
  return [...items.values()].sort((a, b) => b.bytes - a.bytes).slice(0, shownOfLevel)
}

function treeOf(files: readonly TreeFile[]): Folder {
  const root = emptyFolder()
  for (const file of files) {
    const parts = file.path.split('/')
    let at = root
    count(at, file)
    for (const part of parts.slice(0, -1)) {
      const next = at.folders.get(part) ?? emptyFolder()
      at.folders.set(part, next)
      count(next, file)
      at = next
    }
    at.files.push(file)
  }
  return root
}

function emptyFolder(): Folder {
  return { folders: new Map(), files: [], size: 0, count: 0 }
}

function count(folder: Folder, file: TreeFile): void {
  folder.size += file.size
  folder.count += 1
}
