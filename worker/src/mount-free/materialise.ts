import { constants, copyFileSync, linkSync, symlinkSync } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Digest } from '@shaman-farm/shaman/digest'
import type { Hold } from './blob-cache.ts'

export interface CheckoutFile extends Digest {
  path: string
}

export type LinkStrategy = 'reflink' | 'hardlink' | 'symlink' | 'copy'

const exclusive = constants.COPYFILE_EXCL
// Links are made synchronously: 5,000 of them take a tenth of a second, as promises seven times that.
const makers: Readonly<Record<LinkStrategy, (blob: string, path: string) => void | Promise<void>>> =
  {
    reflink: (blob, path) => copyFileSync(blob, path, exclusive | constants.COPYFILE_FICLONE_FORCE),
    hardlink: linkSync,
    symlink: (blob, path) => symlinkSync(blob, path),
    copy: (blob, path) => copyFile(blob, path, exclusive),
  }
const linksAtOnce = 100

/** Best first: a reflink is a file of its own that costs nothing; a copy works anywhere. */
const preference: readonly LinkStrategy[] = ['reflink', 'hardlink', 'symlink', 'copy']

/** Makes a checkout's tree from the cache. It is there whole, under its name, or not at all. */
export async function materialise(
  files: readonly CheckoutFile[],
  hold: Hold,
  dir: string,
): Promise<LinkStrategy> {
  const staging = `${dir}.staging`
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true })
  for (const folder of foldersOf(files)) await mkdir(join(staging, folder), { recursive: true })
  let strategy = 0
  for (const [i, file] of files.entries()) {
    if (i % linksAtOnce === linksAtOnce - 1) await turn()
    const blob = hold.pathOf(file)
    const path = join(staging, safePath(file.path))
    while (!(await make(preference[strategy]!, blob, path))) strategy += 1
  }
  await rm(dir, { recursive: true, force: true })
  await mkdir(dirname(dir), { recursive: true })
  await rename(staging, dir)
  return preference[strategy]!
}

const unsupported = new Set([
  'ENOTSUP',
  'EOPNOTSUPP',
  'EXDEV',
  'EPERM',
  'EMLINK',
  'ENOSYS',
  'EINVAL',
  'ENOTTY',
])

/** False when the volume cannot do it this way. */
async function make(strategy: LinkStrategy, blob: string, path: string): Promise<boolean> {
  try {
    await makers[strategy](blob, path)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (strategy === 'copy' || !unsupported.has(code)) throw error
    await rm(path, { force: true })
    return false
  }
}

function foldersOf(files: readonly CheckoutFile[]): Set<string> {
  return new Set(files.map(({ path }) => dirname(safePath(path))))
}

/** The manager is not trusted to write outside the folder it was given. */
function safePath(path: string): string {
  const isUnsafe =
    path === '' ||
    path.startsWith('/') ||
    path.includes('\\') ||
    path.includes('\0') ||
    /^[A-Za-z]:/.test(path) ||
    path.split('/').some((part) => part === '..' || part === '.' || part === '')
  if (isUnsafe) throw new Error(`a manifest names the unsafe path ${JSON.stringify(path)}`)
  return path
}
