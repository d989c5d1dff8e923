import { chmod, lstat, readdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import fs from 'fs-extra'
import { type CommandContext, CommandError, type RunCommand } from './command.ts'
import { copyBytes, move } from './copy.ts'
import { withinLimits } from './limits.ts'
import { readParameters } from './parameters.ts'

export const makeDirectory: RunCommand = async (parameters, context) => {
  const path = readParameters('make-directory', parameters).text('path')
  context.log(`make-directory: ${path}`)
  await doing('make-directory', context, () => fs.ensureDir(path, 0o775))
}

export const moveDirectory: RunCommand = async (parameters, context) => {
  const read = readParameters('move-directory', parameters)
  const src = read.text('src')
  const dest = read.text('dest')
  if (!(await exists(src))) {
    throw new CommandError('missing-file', `move-directory: source "${src}" does not exist`)
  }
  await doing('move-directory', context, async (signal) => {
    if (await exists(dest)) {
      const backup = await freeBackupName(dest)
      context.log(`move-directory: "${dest}" exists, moving it to "${backup}"`)
      await rename(dest, backup)
    }
    context.log(`move-directory: moving "${src}" to "${dest}"`)
    await fs.ensureDir(dirname(dest), 0o775)
    await move(src, dest, signal)
  })
}

export const copyFileCommand: RunCommand = async (parameters, context) => {
  const read = readParameters('copy-file', parameters)
  const src = read.text('src')
  const dest = read.text('dest')
  for (const path of [src, dest]) {
    if (!isAbsolute(path)) {
      throw new CommandError('other', `copy-file: "${path}" is not an absolute path`)
    }
  }
  const info = await stat(src).catch(() => undefined)
  if (!info) throw new CommandError('missing-file', `copy-file: source "${src}" does not exist`)
  if (!info.isFile()) throw new CommandError('other', `copy-file: source "${src}" is not a file`)
  if (await exists(dest)) throw new CommandError('other', `copy-file: "${dest}" exists already`)
  context.log(`copy-file: copying "${src}" to "${dest}"`)
  await doing('copy-file', context, async (signal) => {
    await fs.ensureDir(dirname(dest), 0o750)
    await copyBytes(src, dest, signal)
    // The bytes alone: a file of a checkout is read-only, and its copy is somebody's to change.
    await chmod(dest, 0o666 & ~process.umask())
  })
}

async function doing(
  command: string,
  context: CommandContext,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  try {
    await withinLimits(command, context, work)
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    const { message } = cause as Error
    throw new CommandError('output', `${command}: ${message}`, [], { cause })
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** `dest-<when it was last changed>`, with a number behind when that is taken. */
async function freeBackupName(dest: string): Promise<string> {
  const { mtime } = await stat(dest)
  const stamped = `${basename(dest)}-${timestamp(mtime)}`
  const names = await readdir(dirname(dest))
  if (!names.includes(stamped)) return join(dirname(dest), stamped)
  const numbers = names
    .filter((name) => name.startsWith(`${stamped}-`))
    .map((name) => Number(name.slice(stamped.length + 1)))
    .filter(Number.isInteger)
  const next = Math.max(0, ...numbers) + 1
  return join(dirname(dest), `${stamped}-${String(next).padStart(3, '0')}`)
}

function timestamp(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day}_${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join('')}`
}
