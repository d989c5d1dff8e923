import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { UserError } from '@shaman-farm/terminal'
import { execa } from 'execa'

/** A program the farm runs but does not ship. */
export interface Program {
  /** What it is called on the PATH. */
  command: string
  /** The Debian packages that bring it. */
  packages: readonly string[]
  /** Where a person gets it on other systems. */
  from: string
  why: string
}

export const blender: Program = {
  command: 'blender',
  packages: ['blender'],
  from: 'blender.org, or your package manager',
  why: 'renders the frames',
}

export const ffmpeg: Program = {
  command: 'ffmpeg',
  packages: ['ffmpeg'],
  from: 'ffmpeg.org, or your package manager',
  why: 'makes the preview video',
}

const LOCK_TIMEOUT_S = 550

/**
 * Makes sure that the programs are there. On Debian and its kin the missing ones are installed with apt (asked first
 * on a terminal); elsewhere the error says what to install.
 * @throws UserError PROGRAM_MISSING
 */
export async function ensurePrograms(programs: readonly Program[]): Promise<void> {
  const missing = programs.filter((program) => !findProgram(program.command))
  if (missing.length === 0) return
  const apt = aptCommand()
  if (!apt) throw missingProblem(missing)
  if (!(await agreed(missing))) throw missingProblem(missing)
  await installWithApt(apt, missing)
  const still = missing.filter((program) => !findProgram(program.command))
  if (still.length > 0) throw missingProblem(still)
}

/** The absolute path of a command on the PATH, as a shell would find it. */
export function findProgram(command: string): string | undefined {
  const names = process.platform === 'win32' ? [`${command}.exe`, `${command}.cmd`] : [command]
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(dir, name)
      if (dir !== '' && isExecutable(path)) return path
    }
  }
  return undefined
}

async function agreed(missing: readonly Program[]): Promise<boolean> {
  const names = missing.flatMap((program) => program.packages).join(' ')
  process.stderr.write(
    `Missing here: ${missing.map((p) => `${p.command} (${p.why})`).join(', ')}\n`,
  )
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    process.stderr.write(`Installing with apt: ${names}\n`)
    return true
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await prompt.question(`Install ${names} with apt? [Y/n] `)
  prompt.close()
  return !/^n/i.test(answer.trim())
}

async function installWithApt(apt: readonly string[], missing: readonly Program[]): Promise<void> {
  const packages = [...new Set(missing.flatMap((program) => program.packages))]
  const [command = 'apt-get', ...prefix] = apt
  const options = {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    stdin: 'ignore',
    all: true,
    timeout: 30 * 60_000,
  } as const
  const wait = ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`]
  try {
    await execa(command, [...prefix, ...wait, 'update', '-q'], options)
    await execa(
      command,
      [...prefix, ...wait, 'install', '-y', '-q', '--no-install-recommends', ...packages],
      options,
    )
  } catch (error) {
    const said = String((error as { all?: unknown }).all ?? '').split('\n')
    throw new UserError(`apt could not install ${packages.join(' ')}`, {
      code: 'PROGRAM_MISSING',
      hint: said.slice(-5).join('\n'),
      cause: error,
    })
  }
}

function aptCommand(): string[] | undefined {
  if (!existsSync('/etc/debian_version') || !findProgram('apt-get')) return undefined
  if (process.getuid?.() === 0) return ['apt-get']
  if (!findProgram('sudo')) return undefined
  const silent = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
  return silent || process.stdin.isTTY ? ['sudo', 'apt-get'] : undefined
}

function missingProblem(missing: readonly Program[]): UserError {
  const lines = missing.map((p) => `  ${p.command}: ${p.from}`)
  return new UserError(`Not found on the PATH: ${missing.map((p) => p.command).join(', ')}`, {
    code: 'PROGRAM_MISSING',
    hint: [`Install it and try again${onDebian(missing)}:`, ...lines].join('\n'),
  })
}

function onDebian(missing: readonly Program[]): string {
  if (!existsSync('/etc/debian_version')) return ''
  const release = /^(\d+|\w+)/.exec(readFileSync('/etc/debian_version', 'utf8'))?.[1]
  const packages = missing.flatMap((p) => p.packages).join(' ')
  return ` (Debian ${release}: apt-get install ${packages})`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
