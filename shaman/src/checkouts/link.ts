import { join } from 'node:path'
import { removeQuietly } from '../blobs/temp-file.ts'
import { joined } from '../blobs/thread-messages.ts'
import type { Threads } from '../blobs/threads.ts'
import { type Disk, nextTurn, realDisk } from '../disk.ts'
import { isCode } from '../errors.ts'

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
  /** For as many files as told. */
  begin(files: number): Linking
}

/** The files of one checkout, in the making. */
export interface Linking {
  /** A folder, before what is in it. */
  addDir(path: string): void
  add(blob: string, path: string, linkTarget: string): void
  /** Lets other work run, and throws when a file could not be made. */
  turn(): Promise<void>
  /** Resolves when all are made; nothing is under way any more then, also when it rejects. */
  end(): Promise<void>
}

// A thread is worth starting for some thousand links: on a busy volume each waits for the file system's journal.
const threadsFrom = 1024
const batchLength = 256

/** The linker of a strategy. */
export function createLinker(
  strategy: LinkStrategy,
  options: { disk: Disk; threads?: Threads | undefined },
): Linker {
  const link = linkerOf(strategy, options.disk)
  const { threads } = options
  return {
    begin: (files) =>
      strategy === 'symlink' && threads && files >= threadsFrom
        ? linkInThreads(threads)
        : linkHere(link, options.disk),
  }
}

function linkHere(link: Link, disk: Disk): Linking {
  return { addDir: (path) => disk.mkdirSync(path), add: link, turn: nextTurn, end: async () => {} }
}

function linkInThreads(threads: Threads): Linking {
  let targets: string[] = []
  let paths: string[] = []
  const running: Promise<unknown>[] = []
  let failure: unknown
  const send = (): void => {
    if (paths.length === 0) return
    const request = { do: 'link', targets: joined(targets), paths: joined(paths) } as const
    targets = []
    paths = []
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
    add(_blob, path, target) {
      targets.push(target)
      paths.push(path)
      if (paths.length >= batchLength) send()
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

/**
 * The target of a symbolic link inside a checkout, relative, so that the storage may be mounted anywhere.
 *
 * @param depth number of folders between `jobs/` and the link
 * @param blob a path below `root`
 */
export function relativeTarget(depth: number, blob: string, root: string): string {
  return `${'../'.repeat(depth + 1)}${blob.slice(root.length + 1)}`
}
