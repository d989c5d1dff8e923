import { join } from 'node:path'
import { blobsOf, joined } from '../blobs/thread-messages.ts'
import type { Threads } from '../blobs/threads.ts'
import { type Disk, nextTurn, realDisk, removeQuietly } from '../disk.ts'
import { isCode } from '../errors.ts'
import { type Layout, linkTarget } from '../layout.ts'
import type { ManifestFile } from '../manifest.ts'

/** How a checkout's file stands for its blob; `none` where the bytes are elsewhere, and workers fetch by the manifest. */
export type LinkStrategy = 'symlink' | 'hardlink' | 'reflink' | 'copy' | 'none'

/** The strategy of a volume, and why it is that one. */
export interface LinkChoice {
  strategy: LinkStrategy
  reason: string
}

type Link = (blob: string, path: string, linkTarget: string) => void

/** Makes the files of checkouts. */
export interface Linker {
  begin(place: LinkPlace): Linking
}

/** Where a checkout is being made. */
export interface LinkPlace {
  dir: string
  /** Number of folders from `jobs/` to what is in the checkout, once it has its name. */
  depth: number
  /** How many it is going to have. */
  files: number
}

/** The files of one checkout, in the making. */
export interface Linking {
  /** A folder, before what is in it. */
  addDir(path: string): void
  add(file: ManifestFile): void
  /** Lets other work run, and throws when a file could not be made. */
  turn(): Promise<void>
  /** Resolves when all are made; nothing is under way any more then, also when it rejects. */
  end(): Promise<void>
}

// A thread is worth starting for some thousand links: on a busy volume each waits for the file system's journal.
const threadsFrom = 1024
const batchLength = 256

interface LinkerParts {
  layout: Layout
  disk: Disk
  threads?: Threads | undefined
}

/** The linker of a strategy. */
export function createLinker(strategy: LinkStrategy, parts: LinkerParts): Linker {
  const link = linkerOf(strategy, parts.disk)
  const { layout, threads } = parts
  return {
    begin: (place) =>
      strategy === 'symlink' && threads && place.files >= threadsFrom
        ? linkInThreads(place, layout, threads)
        : linkHere(place, link, parts),
  }
}

function linkHere({ dir, depth }: LinkPlace, link: Link, { layout, disk }: LinkerParts): Linking {
  return {
    addDir: (path) => disk.mkdirSync(path),
    add(file) {
      const blob = layout.blob(file)
      link(blob, `${dir}/${file.path}`, linkTarget({ path: file.path, depth }, blob, layout.root))
    },
    turn: nextTurn,
    end: async () => {},
  }
}

function linkInThreads({ dir, depth }: LinkPlace, layout: Layout, threads: Threads): Linking {
  let files: ManifestFile[] = []
  const running: Promise<unknown>[] = []
  let failure: unknown
  const send = (): void => {
    if (files.length === 0) return
    const paths = joined(files.map(({ path }) => path))
    const { root } = layout
    const request = { do: 'link', root, dir, depth, paths, ...blobsOf(layout, files) } as const
    files = []
    running.push(
      threads
        .pick('names')
        .ask(request)
        .catch((error: unknown) => {
          failure ??= error
        }),
    )
  }
  return {
    // A thread makes those that it finds missing: only there are they waited for.
    addDir() {},
    add(file) {
      files.push(file)
      if (files.length >= batchLength) send()
    },
    async turn() {
      await nextTurn()
      if (failure !== undefined) throw await ended()
    },
    async end() {
      send()
      const error = await ended()
      if (error !== undefined) throw error
    },
  }

  async function ended(): Promise<unknown> {
    await Promise.all(running)
    return failure
  }
}

/**
 * Tries the strategies on a volume, best first: symbolic links cost no space and show where they lead, hard links work where
 * those are forbidden, a reflink or a copy works anywhere.
 */
export function probeLinks(from: string, to: string, disk: Disk = realDisk): LinkChoice {
  const source = join(from, `.probe-${process.pid}.tmp`)
  const target = join(to, `.staging-probe-${process.pid}`)
  const reasons: string[] = []
  removeQuietly(disk, source)
  disk.closeSync(disk.openSync(source, 'wx', 0o444))
  try {
    for (const strategy of ['symlink', 'hardlink', 'reflink'] as const) {
      try {
        removeQuietly(disk, target)
        linkerOf(strategy, disk)(source, target, source)
        return { strategy, reason: reasons.join('; ') || 'the volume supports it' }
      } catch (error) {
        reasons.push(`${strategy}: ${(error as { code?: string }).code ?? String(error)}`)
      }
    }
    return { strategy: 'copy', reason: reasons.join('; ') }
  } finally {
    removeQuietly(disk, target)
    removeQuietly(disk, source)
  }
}

/** The function that makes a file by a strategy. */
function linkerOf(strategy: LinkStrategy, disk: Disk): Link {
  switch (strategy) {
    case 'symlink':
      return (_blob, path, linkTarget) => disk.symlinkSync(linkTarget, path)
    case 'hardlink':
      return (blob, path) => hardlink(disk, blob, path)
    case 'reflink':
      return (blob, path) => disk.copyFileSync(blob, path, { reflink: true })
    case 'copy':
      return (blob, path) => disk.copyFileSync(blob, path, { reflink: false })
    case 'none':
      return () => {}
  }
}

/** A file has no more names than its volume allows, 65,000 on ext4 and 1,023 on NTFS: whoever comes later gets a copy. */
function hardlink(disk: Disk, blob: string, path: string): void {
  try {
    disk.linkSync(blob, path)
  } catch (error) {
    // Node has no name for what Windows says of it.
    if (!isCode(error, 'EMLINK', 'UNKNOWN')) throw error
    disk.copyFileSync(blob, path, { reflink: false })
  }
}
