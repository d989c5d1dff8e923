import { constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Disk, removeQuietly } from '../disk.ts'

/** A file that bytes are appended to, by up to two open descriptors. */
export interface AppendFile {
  readonly fd: number
  /** Past the page cache, for whole blocks; where the volume is known to gain by it. */
  readonly directFd: number | undefined
  close(): void
}

/** Offset, length and memory of a direct write are multiples of it, which suits disks of 512 and of 4096 bytes a block. */
export const blockBytes = 4096

const ownerWrites = 0o200

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
  const isDirect = isLarge && takesDirectWrites(dirname(path))
  // What may not be written cannot be opened a second time.
  const fd = disk.openSync(path, flags | appending, isDirect ? mode | ownerWrites : mode)
  const directFd = isDirect ? openDirect(disk, path, appending) : undefined
  const file: AppendFile = {
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
  const isToBeReadOnly = (flags & constants.O_CREAT) !== 0 && (mode & ownerWrites) === 0
  if (isDirect && isToBeReadOnly) makeReadOnly(disk, path, file)
  return file
}

/** Takes back what was allowed for the second opening, and no more: the rest is as the process's umask wants it. */
function makeReadOnly(disk: Disk, path: string, file: AppendFile): void {
  try {
    disk.chmodSync(path, disk.lstatSync(path)!.mode & 0o777 & ~ownerWrites)
  } catch (error) {
    file.close()
    removeQuietly(disk, path)
    throw error
  }
}

function takesDirectWrites(dir: string): boolean {
  // Node has the flag on Linux only.
  if ((constants.O_DIRECT as number | undefined) === undefined) return false
  try {
    return directOn.has(statfsSync(dir).type)
  } catch {
    return false
  }
}

function openDirect(disk: Disk, path: string, flags: number): number | undefined {
  try {
    return disk.openSync(path, flags | constants.O_DIRECT)
  } catch {
    // It is a shortcut; what is wrong with the file the ordinary descriptor tells.
    return undefined
  }
}
