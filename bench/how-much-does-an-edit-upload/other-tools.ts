import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

/** What sending an edit costs. */
export interface Cost {
  bytes: number
  wallMs: number
  /** Both sides together. */
  cpuSeconds: number
  /** Of ours alone. */
  requests?: number
}

/** Another way to send an edit of a file whose base the other side has. */
export interface Tool {
  name: string
  /** What it sends hardly depends on the edit, and it takes longest: a quick run asks it once. */
  isArchive?: true
  /** Undefined when it is not installed. */
  send(workDir: string, base: string, edited: string): Promise<Cost | undefined>
}

/** Tools in the order of the table. rsync and the archives need no old file on the sending side; the other two do. */
export const otherTools: Tool[] = [
  { name: 'rsync -z', send: rsync },
  { name: 'zstd -3 --patch-from', send: zstdPatch },
  { name: 'xdelta3 -1', send: xdelta },
  { name: 'restic', isArchive: true, send: restic },
  { name: 'borg', isArchive: true, send: borg },
  { name: 'casync', isArchive: true, send: casync },
]

async function rsync(workDir: string, base: string, edited: string): Promise<Cost | undefined> {
  if (!(await isInstalled('rsync'))) return undefined
  const far = join(workDir, 'far.blend')
  await copyFile(base, far)
  const run = await timed('rsync', [
    '-z',
    '--no-whole-file',
    '--ignore-times',
    '--stats',
    edited,
    far,
  ])
  const count = (label: string): number =>
    Number(new RegExp(`${label}: ([\\d,]+)`).exec(run.stdout)![1]!.replaceAll(',', ''))
  return { ...run.cost, bytes: count('Total bytes sent') + count('Total bytes received') }
}

async function zstdPatch(workDir: string, base: string, edited: string): Promise<Cost | undefined> {
  if (!(await isInstalled('zstd'))) return undefined
  const patch = join(workDir, 'patch.zst')
  const made = await timed('zstd', [
    '-q',
    '-f',
    '-3',
    '--long=28',
    `--patch-from=${base}`,
    edited,
    '-o',
    patch,
  ])
  const { size } = await stat(patch)
  const target = join(workDir, 'target')
  const applied = await timed('zstd', [
    '-q',
    '-f',
    '-d',
    '--long=28',
    `--patch-from=${base}`,
    patch,
    '-o',
    target,
  ])
  return { ...sum(made.cost, applied.cost), bytes: size }
}

async function xdelta(workDir: string, base: string, edited: string): Promise<Cost | undefined> {
  if (!(await isInstalled('xdelta3', '-V'))) return undefined
  const patch = join(workDir, 'patch.xd3')
  const made = await timed('xdelta3', [
    '-1',
    '-e',
    '-f',
    '-B',
    '536870912',
    '-s',
    base,
    edited,
    patch,
  ])
  const { size } = await stat(patch)
  const target = join(workDir, 'target')
  const applied = await timed('xdelta3', ['-d', '-f', '-B', '536870912', '-s', base, patch, target])
  return { ...sum(made.cost, applied.cost), bytes: size }
}

async function restic(workDir: string, base: string, edited: string): Promise<Cost | undefined> {
  if (!(await isInstalled('restic', 'version'))) return undefined
  const dir = join(workDir, 'restic')
  const env = {
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: join(dir, 'repository'),
    RESTIC_CACHE_DIR: join(dir, 'cache'),
  }
  const file = await shot(workDir, base)
  const backup = (): Promise<Timed> => timed('restic', ['backup', '--json', file], env)
  await asAfterBase(dir, async () => {
    await execa('restic', ['init'], { env })
    await backup()
  })
  await copyFile(edited, file)
  const run = await backup()
  const summary = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as { data_added_packed: number }
  return { ...run.cost, bytes: summary.data_added_packed }
}

async function borg(workDir: string, base: string, edited: string): Promise<Cost | undefined> {
  if (!(await isInstalled('borg'))) return undefined
  const dir = join(workDir, 'borg')
  const repo = join(dir, 'repository')
  const env = {
    BORG_BASE_DIR: join(dir, 'base'),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
  }
  const file = await shot(workDir, base)
  const create = (name: string): Promise<Timed> =>
    timed('borg', ['create', '--json', '--compression', 'zstd,3', `${repo}::${name}`, file], env)
  await asAfterBase(dir, async () => {
    await execa('borg', ['init', '-e', 'none', repo], { env })
    await create('base')
  })
  await copyFile(edited, file)
  const run = await create('edit')
  const { archive } = JSON.parse(run.stdout) as {
    archive: { stats: { deduplicated_size: number } }
  }
  return { ...run.cost, bytes: archive.stats.deduplicated_size }
}

/** Chunks of 64 KiB on average, and the index, which is sent whole. */
async function casync(workDir: string, base: string, edited: string): Promise<Cost | undefined> {
  if (!(await isInstalled('casync'))) return undefined
  const store = join(workDir, 'casync.castr')
  const index = join(workDir, 'shot.caibx')
  const make = (file: string): Promise<Timed> =>
    timed('casync', ['make', '--compression=zstd', `--store=${store}`, index, file])
  await make(base)
  const before = await bytesUnder(store)
  const run = await make(edited)
  const bytes = (await bytesUnder(store)) - before + (await stat(index)).size
  await rm(store, { recursive: true })
  return { ...run.cost, bytes }
}

/** An archive as it was once it had taken the base, which it takes once for all edits of a scene. */
async function asAfterBase(dir: string, takeBase: () => Promise<void>): Promise<void> {
  const kept = `${dir}-with-base`
  await rm(dir, { recursive: true, force: true })
  if (existsSync(kept)) {
    await cp(kept, dir, { recursive: true, preserveTimestamps: true })
    return
  }
  await mkdir(dir, { recursive: true })
  await takeBase()
  await cp(dir, kept, { recursive: true, preserveTimestamps: true })
}

async function bytesUnder(dir: string): Promise<number> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  const sizes = files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size)
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0)
}

async function shot(workDir: string, base: string): Promise<string> {
  const dir = join(workDir, 'project')
  await mkdir(dir, { recursive: true })
  await copyFile(base, join(dir, 'shot.blend'))
  return join(dir, 'shot.blend')
}

const installed = new Map<string, Promise<boolean>>()

/** Whether a command is there; asked once, since some take half a second to tell. */
export function isInstalled(command: string, flag = '--version'): Promise<boolean> {
  const known = installed.get(command)
  if (known !== undefined) return known
  const asked = execa(command, [flag], { reject: false }).then(({ exitCode }) => exitCode === 0)
  installed.set(command, asked)
  return asked
}

interface Timed {
  stdout: string
  cost: Omit<Cost, 'bytes'>
}

/** Runs a command under the shell's clock, the one that knows a child's CPU time. */
async function timed(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Timed> {
  const script = 'TIMEFORMAT="clock %R %U %S"; time "$0" "$@"'
  const { stdout, stderr } = await execa('bash', ['-c', script, command, ...args], {
    env: { ...env, LC_ALL: 'C' },
    timeout: 10 * 60_000,
  })
  const [, real, user, system] = /clock ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr)!
  return {
    stdout,
    cost: { wallMs: Number(real) * 1000, cpuSeconds: Number(user) + Number(system) },
  }
}

function sum(a: Omit<Cost, 'bytes'>, b: Omit<Cost, 'bytes'>): Omit<Cost, 'bytes'> {
  return { wallMs: a.wallMs + b.wallMs, cpuSeconds: a.cpuSeconds + b.cpuSeconds }
}
