export interface ProjectFile {
  /** POSIX, relative to the project's folder. */
  path: string
  file: File
}

export interface Project {
  name: string
  files: ProjectFile[]
  bytes: number
  blends: string[]
}

// What an operating system or Blender leaves behind; a render needs none of it.
const leftOut =
  /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\.git|\.svn|__MACOSX)(\/|$)|\.blend\d+$|@$/i

export function projectOf(name: string, files: readonly ProjectFile[]): Project {
  const kept = files
    .filter(({ path }) => !leftOut.test(path))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return {
    name,
    files: kept,
    bytes: kept.reduce((sum, { file }) => sum + file.size, 0),
    blends: kept.map(({ path }) => path).filter((path) => path.toLowerCase().endsWith('.blend')),
  }
}

/** From `<input type=file webkitdirectory>`, whose paths begin with the folder's name. */
export function projectOfInput(list: FileList): Project {
  const files = [...list]
  const first = files[0]?.webkitRelativePath ?? ''
  const folder = first.includes('/') ? first.slice(0, first.indexOf('/')) : ''
  return projectOf(
    folder || (files[0]?.name ?? 'project').replace(/\.blend$/i, ''),
    files.map((file) => ({
      path: folder ? file.webkitRelativePath.slice(folder.length + 1) : file.name,
      file,
    })),
  )
}

/** From a drop: a folder with all below it, or single files. */
export async function projectOfDrop(items: DataTransferItemList): Promise<Project> {
  // The list is emptied when the event ends, so every entry is taken before the first await.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  const only = entries.length === 1 ? entries[0] : undefined
  const files: ProjectFile[] = []
  if (only?.isDirectory) {
    await walk(only, '', files)
    return projectOf(only.name, stripFolder(files, only.name))
  }
  for (const entry of entries) await walk(entry, '', files)
  return projectOf((files[0]?.path ?? 'project').replace(/\.blend$/i, ''), files)
}

function stripFolder(files: readonly ProjectFile[], folder: string): ProjectFile[] {
  return files.map(({ path, file }) => ({ path: path.slice(folder.length + 1), file }))
}

async function walk(entry: FileSystemEntry, parent: string, into: ProjectFile[]): Promise<void> {
  const path = parent ? `${parent}/${entry.name}` : entry.name
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    into.push({ path, file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A reader gives a hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return
    for (const child of some) await walk(child, path, into)
  }
}

/** A checkout path from a name: letters, digits, dashes; a time stamp keeps it apart. */
export function checkoutPathOf(name: string, now: Date): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
  const stamp = now
    .toISOString()
    .slice(0, 19)
    .replaceAll('-', '')
    .replaceAll(':', '')
    .replace('T', '-')
  return `${plain || 'project'}-${stamp}`
}
