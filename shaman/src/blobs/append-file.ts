import { constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Disk } from '../disk.ts'

/** A file that bytes are appended to, by up to two open descriptors. */
export interface AppendFile {
  readonly fd: number
  /** Past the page cache, for whole blocks; where the volume is known to gain by it. */
  readonly directFd: number | undefined
  close(): void
}

/** Offset, length and memory of a direct write are multiples of it; no disk has a larger block. */
export const blockBytes = 4096

// As `statfs` names them: ext4 and XFS. Others copy all the same, as Btrfs for its checksums, or wait for a server.
const directOn = new Set([0xef_53, 0x58_46_53_42])

/**
 * Opens a file to append to. Of a large file the copy into the page cache took more processor time than its SHA-256 (1.3 s against
 * 0.9 s a GiB), and pushed out of it what workers are about to read.
 */
export function openToAppend(
  disk: Disk,
  path: string,
  { flags, mode, isLarge }: { flags: number; mode: number; isLarge: boolean },
): AppendFile {
  const appending = constants.O_APPEND | constants.O_WRONLY
  const fd = disk.openSync(path, flags | appending, mode)
  const directFd = isLarge ? openDirect(disk, path, appending) : undefined
  return {
    fd,
    directFd,
    close() {
      try {
        if (directFd !== undefined) disk.closeSync(directFd)
      } finally {
        disk.closeSync(fd)
      }
    },
  }
}

function openDirect(disk: Disk, path: string, flags: number): number | undefined {
  // Node has the flag on Linux only.
  const direct = constants.O_DIRECT as number | undefined
  try {
    if (direct === undefined || !directOn.has(statfsSync(dirname(path)).type)) return undefined
    return disk.openSync(path, flags | direct)
  } catch {
    // It is a shortcut; what is wrong with the file the ordinary descriptor tells.
    return undefined
  }
}
