import { existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeBinary, type Platform } from './platforms.ts'
import { run } from './run.ts'

/** An official Node, unpacked. */
export interface Runtime {
  binary: string
  /** Its package's folder. */
  dir: string
}

/** Fetches the Node binary that the toolchain's lockfile names, checked by npm against the lockfile's digest. */
export async function fetchRuntime(
  root: string,
  platform: Platform,
  scratch: string,
): Promise<Runtime> {
  const own = join(root, 'toolchain', 'node_modules', platform.nodePackage)
  const ownBinary = join(own, 'bin', nodeBinary(platform))
  if (existsSync(ownBinary)) return { binary: ownBinary, dir: own }
  const dir = join(scratch, `node-${platform.name}`)
  const packageDir = join(dir, 'node_modules', platform.nodePackage)
  const binary = join(packageDir, 'bin', nodeBinary(platform))
  if (existsSync(binary)) return { binary, dir: packageDir }
  await mkdir(dir, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    await copyFile(join(root, 'toolchain', name), join(dir, name))
  }
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  await run('npm', ['ci', `--os=${platform.os}`, `--cpu=${platform.cpu}`, ...quiet], { cwd: dir })
  return { binary, dir: packageDir }
}
