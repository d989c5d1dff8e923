import { copyFileSync, constants as fsConstants } from 'node:fs'
import { join, posix } from 'node:path'
import { removeQuietly } from '../blobs/temp-file.ts'
import { type Disk, realDisk } from '../disk.ts'

/** How a checkout's file stands for its blob. */
export type LinkStrategy = 'symlink' | 'hardlink' | 'reflink' | 'copy'

/** The strategy of a volume, and why it is that one. */
export interface LinkChoice {
  strategy: LinkStrategy
  reason: string
}

/** Makes one file of a checkout. */
export type Linker = (blob: string, path: string, linkTarget: string) => void

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
export function linkerOf(strategy: LinkStrategy, disk: Disk = realDisk): Linker {
  switch (strategy) {
    case 'symlink':
      return (_blob, path, linkTarget) => disk.symlinkSync(linkTarget, path)
    case 'hardlink':
      return (blob, path) => disk.linkSync(blob, path)
    case 'reflink':
      return (blob, path) =>
        copyFileSync(blob, path, exclusive | fsConstants.COPYFILE_FICLONE_FORCE)
    case 'copy':
      return (blob, path) => copyFileSync(blob, path, exclusive)
  }
}

const exclusive = fsConstants.COPYFILE_EXCL

/**
 * The target of a symbolic link inside a checkout, relative, so that the storage may be mounted anywhere.
 *
 * @param depth number of folders between `jobs/` and the link
 */
export function relativeTarget(depth: number, blob: string, root: string): string {
  return `${'../'.repeat(depth + 1)}${posix.relative(root, blob)}`
}
