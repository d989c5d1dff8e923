import { execa } from 'execa'
import type { Guard } from './guard.ts'
import { runProcess } from './run.ts'

/** Runs a program to its end; what it wrote, or undefined when it failed or took too long. */
export type RunProgram = (argv: readonly string[], limitMs?: number) => Promise<string | undefined>

const defaultLimitMs = 20_000

export const runPlainly: RunProgram = async (argv, timeout = defaultLimitMs) => {
  const [exe, ...args] = argv
  const result = await execa(exe!, args, { reject: false, timeout, stdin: 'ignore', all: true })
  return result.exitCode === 0 ? result.all : undefined
}

/** The same beside renders: behind them, and ended with the worker however that ends. */
export function runGuarded(guard: Guard, signal: AbortSignal): RunProgram {
  return async (argv, timeLimitMs = defaultLimitMs) => {
    const lines: string[] = []
    const { exitCode } = await runProcess({
      argv,
      guard,
      signal,
      limits: { timeLimitMs, nice: 10, graceMs: 500 },
      onLine: (line) => lines.push(line),
    })
    return exitCode === 0 ? lines.join('\n') : undefined
  }
}
