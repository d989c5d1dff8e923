import { execFileSync } from 'node:child_process'
import { mkdirSync, rmdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A fresh file system in a file, mounted for the test; undefined (and a loud skip) where that is not allowed. */
export function mountImage(
  t: TestContext,
  type: string,
  options: readonly string[],
): string | undefined {
  const dir = join(tmpdir(), `shaman-${type}-${process.pid}-${mounted++}`)
  const image = `${dir}.img`
  try {
    mkdirSync(dir)
    writeFileSync(image, '')
    truncateSync(image, 512 * 2 ** 20)
    execFileSync(`mkfs.${type}`, ['-q', ...options, image], { stdio: 'pipe' })
    execFileSync('mount', ['-o', 'loop', image, dir], { stdio: 'pipe' })
  } catch (error) {
    rmdirSync(dir)
    rmSync(image, { force: true })
    t.skip(`no ${type} to test on: ${(error as Error).message.split('\n')[0]}`)
    return undefined
  }
  // Let go of at once: the farm on it is closed by a hook that runs after this one.
  t.after(() => {
    execFileSync('umount', ['-l', dir])
    rmdirSync(dir)
    rmSync(image)
  })
  return dir
}

let mounted = 0

/** Bytes of a volume that are taken, once all that was written has its place. */
export function usedBytes(dir: string): number {
  execFileSync('sync', ['-f', dir])
  const { blocks, bfree, bsize } = statfsSync(dir)
  return (blocks - bfree) * bsize
}
