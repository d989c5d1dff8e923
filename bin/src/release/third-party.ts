import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Platform } from './platforms.ts'
import { run } from './run.ts'
import { type Entry, filesUnder } from './tree.ts'

/** A package of others that ships. */
export interface ThirdParty {
  name: string
  version: string
  license: string
  dir: string
}

interface PackageJson {
  name: string
  version: string
  license?: string | { type: string }
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** Installs what our packages need on a platform, by the lockfile, into a scratch folder; gives its node_modules. */
export async function installFor(
  root: string,
  platform: Platform,
  scratch: string,
  dirs: readonly string[],
): Promise<string> {
  const dir = join(scratch, `packages-${platform.name}`)
  for (const packageDir of ['.', ...dirs]) {
    await mkdir(join(dir, packageDir), { recursive: true })
    await copyFile(join(root, packageDir, 'package.json'), join(dir, packageDir, 'package.json'))
  }
  await copyFile(join(root, 'pnpm-lock.yaml'), join(dir, 'pnpm-lock.yaml'))
  const workspace = await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8')
  const packages = `packages:\n${dirs.map((name) => `  - ${name}\n`).join('')}`
  await writeFile(
    join(dir, 'pnpm-workspace.yaml'),
    workspace.replace(/^packages:\n(?: {2}- .*\n)+/m, packages),
  )
  const architectures = `  os: [${platform.os}]\n  cpu: [${platform.cpu}]\n  libc: [glibc]\n`
  await appendFile(join(dir, 'pnpm-workspace.yaml'), `supportedArchitectures:\n${architectures}`)
  const pnpm = join(root, 'toolchain', 'node_modules', 'pnpm', 'bin', 'pnpm.cjs')
  const flags = ['--prod', '--frozen-lockfile', '--ignore-scripts', '--prefer-offline']
  await run(
    process.execPath,
    [pnpm, 'install', ...flags, '--config.node-linker=hoisted', '--reporter=append-only'],
    { cwd: dir, env: { CI: 'true' } },
  )
  return realpathSync(join(dir, 'node_modules'))
}

/** What the named packages need, found as Node finds it. */
export function closureOf(names: Iterable<string>, from: string): ThirdParty[] {
  const found = new Map<string, ThirdParty>()
  const queue = [...names].map((name) => ({ name, from, required: true }))
  for (let next = queue.pop(); next; next = queue.pop()) {
    const dir = resolvePackage(next.name, next.from)
    if (!dir) {
      if (next.required) throw new Error(`${next.name}, needed by ${next.from}, is not installed`)
      continue
    }
    if (found.has(dir)) continue
    const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as PackageJson
    found.set(dir, { ...licenceOf(manifest), dir })
    const optional = { ...manifest.optionalDependencies, ...manifest.peerDependencies }
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      queue.push({ name, from: dir, required: !(name in optional) })
    }
    for (const name of Object.keys(optional)) queue.push({ name, from: dir, required: false })
  }
  return [...found.values()].sort((a, b) => (a.dir < b.dir ? -1 : 1))
}

function licenceOf({ name, version, license }: PackageJson): Omit<ThirdParty, 'dir'> {
  return { name, version, license: typeof license === 'object' ? license.type : (license ?? '') }
}

function resolvePackage(name: string, from: string): string | undefined {
  for (let dir = from; ; dir = dirname(dir)) {
    const candidate = join(dir, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate)
    if (dirname(dir) === dir) return undefined
  }
}

/** The packages' files, without what only other systems, compilers or editors read. */
export function thirdPartyEntries(
  packages: readonly ThirdParty[],
  modules: string,
  platform: Platform,
): Entry[] {
  return packages.flatMap(({ dir }) => {
    const isNative = existsSync(join(dir, 'binding.gyp'))
    return filesUnder(dir)
      .filter((path) => isForRunning(path, isNative) && isForPlatform(path, platform))
      .map((path) => ({
        path: `app/node_modules/${relative(modules, join(dir, path)).replaceAll('\\', '/')}`,
        from: { file: join(dir, path) },
      }))
  })
}

const forBuilding =
  /^(src|deps|vendor|scripts|native-example)\/|^(binding\.gyp|Dockerfile\..*)$|\.(tgz|cc|h|gypi?)$/

function isForRunning(path: string, isNative: boolean): boolean {
  if (isNative && forBuilding.test(path)) return false
  return !/\.(d\.[cm]?ts|map|tsbuildinfo|ts|flow)$|^\.(?!node$)/.test(path)
}

/** `prebuilds/linux-x64/…`, `prebuilds/darwin-x64+arm64/…` and `prebuilds/linuxmusl-x64.node`. */
function isForPlatform(path: string, { os, cpu }: Platform): boolean {
  const target = /^prebuilds\/([a-z0-9]+)-([a-z0-9+]+)/.exec(path)
  if (!target) return true
  if (/musl|abi(?!137)\d/.test(path)) return false
  return target[1] === os && target[2]!.split('+').includes(cpu)
}
