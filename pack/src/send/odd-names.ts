import { createHash } from 'node:crypto'
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { userCacheDir } from '@shaman-farm/terminal/cache-dir'
import { encodePath, hasLostBytes } from '../trace/stored-path.ts'

/**
 * A path that every program can open. Of a name that is no UTF-8 this is a symlink, the same one each time, so that the
 * digest stays known.
 */
export function openablePath(path: string, dir = join(userCacheDir(), 'odd-names')): string {
  if (!hasLostBytes(path)) return path
  const bytes = encodePath(path)
  const link = join(dir, createHash('sha256').update(bytes).digest('hex'))
  if (targetOf(link)?.equals(bytes)) return link
  mkdirSync(dir, { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(bytes, link)
  return link
}

function targetOf(link: string): Buffer | undefined {
  try {
    return readlinkSync(link, { encoding: 'buffer' })
  } catch {
    return undefined
  }
}
