import { cpus, release, totalmem, type } from 'node:os'
import { execa } from 'execa'

export interface Machine {
  date: string
  system: string
  processor: string
  memoryGiB: number
  node: string
  blender?: string
  commit?: string
}

/** What a figure means nothing without. */
export async function describeMachine(): Promise<Machine> {
  const blender = await firstLine('blender', ['--version'])
  const commit = await firstLine('git', ['rev-parse', '--short', 'HEAD'])
  return {
    date: new Date().toISOString().slice(0, 10),
    system: `${type()} ${release()}`,
    processor: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    ...(blender ? { blender } : {}),
    ...(commit ? { commit } : {}),
  }
}

async function firstLine(command: string, args: string[]): Promise<string | undefined> {
  const result = await execa(command, args, { reject: false, timeout: 20_000 })
  return result.exitCode === 0 ? result.stdout.split('\n')[0] : undefined
}
