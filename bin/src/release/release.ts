import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { buildAddon } from '../../../addon/build.ts'
import { writeTarGz, writeZip } from './archive.ts'
import { launchers, runtimePath } from './launchers.ts'
import { licencesText } from './licences.ts'
import { packToolEntries } from './pack-tool.ts'
import { type Platform, platforms } from './platforms.ts'
import { run } from './run.ts'
import { fetchRuntime, type Runtime } from './runtime.ts'
import { closureOf, installFor, type ThirdParty, thirdPartyEntries } from './third-party.ts'
import { type OwnPackage, readManifest, transpilePackage } from './transpile.ts'
import { checksums, type Entry, entriesUnder, sha256Of, text } from './tree.ts'

/** What of ours is in a release; the rest builds, tests or measures. */
export const ownPackages: readonly OwnPackage[] = [
  { name: '@shaman-farm/terminal', dir: 'shaman/terminal' },
  {
    name: '@shaman-farm/shaman',
    dir: 'shaman',
    ships: (path) => !/wasm\/(build|core\.wat)/.test(path),
  },
  { name: '@shaman-farm/manager-api', dir: 'manager/api' },
  { name: '@shaman-farm/manager', dir: 'manager' },
  { name: '@shaman-farm/worker', dir: 'worker' },
  { name: '@shaman-farm/pack', dir: 'pack' },
  { name: '@shaman-farm/bin', dir: 'bin', ships: (path) => !/^src\/(demo|release)\//.test(path) },
]

export interface ReleaseOptions {
  /** The repository. */
  root: string
  /** Where archives go. */
  out: string
  platforms: readonly Platform[]
  /** Whose pack tools go into each archive. */
  tools: readonly Platform[]
  say(line: string): void
}

export interface Archive {
  platform: string
  file: string
  sha256: string
}

/** Makes an archive for each platform; the same commit gives the same bytes. */
export async function makeRelease(options: ReleaseOptions): Promise<Archive[]> {
  const { root, out, say } = options
  assertBuilt(root)
  const scratch = join(out, '.scratch')
  await mkdir(scratch, { recursive: true })
  const shared = await prepare(options, scratch)
  const archives: Archive[] = []
  for (const platform of options.platforms) {
    say(`${platform.name}: gathering`)
    const entries = await entriesFor(platform, shared)
    archives.push(await write(platform, entries, shared))
  }
  archives.push(...(await writeSources(shared)))
  const lines = archives.map(({ sha256, file }) => `${sha256}  ${file}\n`).sort()
  await writeFile(join(out, 'SHA256SUMS'), lines.join(''))
  await rm(scratch, { recursive: true, force: true })
  return archives
}

interface Shared extends ReleaseOptions {
  scratch: string
  version: string
  modified: Date
  runtimes: Map<Platform, Runtime>
  nodeLicence: string
  /** What is the same in every archive. */
  common: Entry[]
}

async function prepare(options: ReleaseOptions, scratch: string): Promise<Shared> {
  const { root, say } = options
  const runtimes = new Map<Platform, Runtime>()
  for (const platform of new Set([...options.platforms, ...options.tools])) {
    say(`${platform.name}: fetching Node`)
    runtimes.set(platform, await fetchRuntime(root, platform, scratch))
  }
  say('turning TypeScript into JavaScript')
  const own = await Promise.all(ownPackages.map((one) => transpilePackage(root, one)))
  const base = 'app/node_modules/@shaman-farm'
  return {
    ...options,
    scratch,
    version: readManifest(root).version,
    modified: await commitTime(root),
    runtimes,
    nodeLicence: await nodeLicence(root, runtimes, scratch),
    common: [
      ...own.flat(),
      ...entriesUnder(join(root, 'ui', 'dist'), `${base}/ui/dist`),
      ...addonEntries(`${base}/addon/dist`),
      ...entriesUnder(join(root, 'docs'), 'docs'),
      ...entriesUnder(join(root, 'docs'), `${base}/docs`),
      { path: 'LICENSE', from: { file: join(root, 'LICENSE') } },
    ],
  }
}

async function entriesFor(platform: Platform, shared: Shared): Promise<Entry[]> {
  const { root, scratch, runtimes } = shared
  const dirs = ownPackages.map((one) => one.dir)
  const modules = await installFor(root, platform, scratch, dirs)
  const needed = new Set(dirs.flatMap((dir) => dependenciesOf(join(root, dir))))
  const packages = closureOf(needed, join(modules, '..'))
  const shipped = thirdPartyEntries(packages, modules, platform)
  const hasManager = shipped.some(({ path }) => /\/isolated-vm\/prebuilds\//.test(path))
  if (!hasManager) shared.say(`${platform.name}: for workers and artists; no isolates, no manager`)
  const licences = licencesText([...packages, ...packagesOfDashboard(root)], shared.nodeLicence)
  const tools = await packToolEntries({
    version: shared.version,
    licences,
    runtimes: shared.tools.map((tool) => ({ platform: tool, runtime: runtimes.get(tool)! })),
    home: platform,
    scratch,
  })
  const entries: Entry[] = [
    ...shared.common,
    ...launchers(platform, { hasManager }),
    ...shipped,
    ...tools,
    { path: 'LICENSES.txt', from: text(licences) },
    {
      path: runtimePath(platform),
      from: { file: runtimes.get(platform)!.binary },
      executable: true,
    },
  ]
  return [...entries, { path: 'SHA256SUMS', from: text(await checksums(entries)) }]
}

async function write(platform: Platform, entries: Entry[], shared: Shared): Promise<Archive> {
  const { out, version, modified, say } = shared
  const top = `shaman-farm-${version}-${platform.name}`
  const file = `${top}.${platform.os === 'win32' ? 'zip' : 'tar.gz'}`
  say(`${platform.name}: writing ${file}`)
  const writeArchive = platform.os === 'win32' ? writeZip : writeTarGz
  await writeArchive(join(out, file), entries, { top, modified })
  return {
    platform: platform.name,
    file,
    sha256: await sha256Of({ from: { file: join(out, file) } }),
  }
}

/** The sources of what is in the archives, as the licence asks. Not in a folder without its history. */
async function writeSources({ root, out, version, say }: Shared): Promise<Archive[]> {
  if (!existsSync(join(root, '.git'))) return []
  const top = `shaman-farm-${version}-source`
  const file = `${top}.tar.gz`
  const git = ['-c', 'tar.tar.gz.command=gzip -cn', 'archive', `--prefix=${top}/`]
  await run('git', [...git, '--format=tar.gz', '-o', join(out, file), 'HEAD'], { cwd: root })
  if ((await run('git', ['status', '--porcelain'], { cwd: root })) !== '') {
    say(`${file} is the last commit, but this folder has changes since`)
  }
  return [{ platform: 'source', file, sha256: await sha256Of({ from: { file: join(out, file) } }) }]
}

function addonEntries(to: string): Entry[] {
  return Object.entries(buildAddon()).map(([name, bytes]) => ({
    path: `${to}/${name}`,
    from: { bytes },
  }))
}

function assertBuilt(root: string): void {
  if (existsSync(join(root, 'ui', 'dist', 'index.html'))) return
  throw new UserError('The dashboard is not built', {
    code: 'RELEASE_UNBUILT',
    hint: 'Run: npm run release',
  })
}

async function commitTime(root: string): Promise<Date> {
  if (!existsSync(join(root, '.git'))) return new Date(Date.UTC(2000, 0, 1))
  return new Date(Number(await run('git', ['log', '-1', '--format=%ct'], { cwd: root })) * 1000)
}

// Not every platform's package brings the text.
async function nodeLicence(
  root: string,
  runtimes: Map<Platform, Runtime>,
  scratch: string,
): Promise<string> {
  const linux = platforms[0]!
  const runtime = runtimes.get(linux) ?? (await fetchRuntime(root, linux, scratch))
  return await readFile(join(runtime.dir, 'LICENSE'), 'utf8')
}

function packagesOfDashboard(root: string): ThirdParty[] {
  const dir = join(root, 'ui')
  return closureOf(dependenciesOf(dir), dir)
}

function dependenciesOf(dir: string): string[] {
  return Object.keys(readManifest(dir).dependencies ?? {}).filter(
    (name) => !name.startsWith('@shaman-farm/'),
  )
}
