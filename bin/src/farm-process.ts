import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { UserError } from '@shaman-farm/terminal'
import { execa } from 'execa'
import { flagsFor } from './node-flags.ts'

/** One of the farm's own commands, running as a process of its own. */
export interface FarmProcess {
  readonly pid: number
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>
  /** Asks it to stop, and insists after `graceMs`. */
  stop(options?: { graceMs?: number }): Promise<void>
  kill(signal: NodeJS.Signals): void
}

export interface StartOptions {
  /** Called with each line of its log (standard error). */
  onLog?: (line: string) => void
  /** Called with each JSON line of its standard output. */
  onEvent?: (event: Record<string, unknown>) => void
  env?: Record<string, string>
  /** What to put before the command, as `nice`; it must become the command and not stay beside it. */
  prefix?: readonly string[]
}

const STOP_GRACE_MS = 20_000

/**
 * Starts `farm ARGS` in a process group of its own, so that Ctrl-C reaches only us and we stop the parts in order.
 * The child ends when our end of its standard input closes: killing us leaves nothing running.
 */
export function startFarmProcess(args: readonly string[], options: StartOptions = {}): FarmProcess {
  const main = [...flagsFor(args[0]), join(import.meta.dirname, 'main.ts'), '--stop-with-stdin']
  const [program, ...given] = [...(options.prefix ?? []), process.execPath, ...main, ...args]
  const child = execa(program!, given, {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    detached: process.platform !== 'win32',
    reject: false,
    ...(options.env ? { env: options.env } : {}),
  })
  eachLine(child.stderr, (line) => options.onLog?.(line))
  eachLine(child.stdout, (line) => {
    const event = parseEvent(line)
    if (event) options.onEvent?.(event)
    else options.onLog?.(line)
  })
  const exited = child.then((result) => result.signal ?? result.exitCode ?? 0)
  return {
    pid: child.pid ?? 0,
    exited,
    kill: (signal) => void child.kill(signal),
    async stop({ graceMs = STOP_GRACE_MS } = {}) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
}

/**
 * Starts a manager and waits until it answers.
 * @throws UserError MANAGER_FAILED with the problem that the manager told, else with its last words
 */
export async function startManagerProcess(
  args: readonly string[],
  options: StartOptions = {},
): Promise<FarmProcess & { url: string }> {
  const lastWords: string[] = []
  let problem: string | undefined
  const listening = Promise.withResolvers<string>()
  const manager = startFarmProcess(['manager', '--json', ...args], {
    ...options,
    onLog(line) {
      lastWords.push(line)
      if (lastWords.length > 8) lastWords.shift()
      options.onLog?.(line)
    },
    onEvent(event) {
      if (event.event === 'listening') listening.resolve(String(event.url))
      if (event.event === 'error') problem = [event.message, event.hint].filter(Boolean).join('\n')
      options.onEvent?.(event)
    },
  })
  void manager.exited.then(() =>
    listening.reject(
      new UserError('The manager did not start', {
        code: 'MANAGER_FAILED',
        hint: problem ?? lastWords.join('\n'),
      }),
    ),
  )
  return { ...manager, url: await listening.promise }
}

function eachLine(stream: Readable, handle: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', handle)
}

function parseEvent(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}
