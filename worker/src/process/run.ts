import { writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { execa } from 'execa'
import { type Guard, markerName } from './guard.ts'
import { createLineSplitter } from './lines.ts'
import { killRemains, terminateTree } from './terminate.ts'

/** What a worker grants the processes it starts. */
export interface ProcessLimits {
  /** No output for this long means stuck; undefined = never. */
  stallMs?: number | undefined
  timeLimitMs?: number | undefined
  /** Between TERM and KILL. */
  graceMs?: number | undefined
  /** 0 (as the worker) to 19 (only when nothing else wants the processor). */
  nice?: number | undefined
  /** Linux: how readily the kernel picks this process when memory runs out, -1000 to 1000. */
  oomScoreAdjust?: number | undefined
}

export interface RunOptions {
  argv: readonly string[]
  guard: Guard
  signal: AbortSignal
  onStart?: (pid: number) => void
  onLine: (line: string) => void
  cwd?: string
  env?: Readonly<Record<string, string>>
  limits?: ProcessLimits
}

export type EndedBy = 'itself' | 'cancel' | 'stall' | 'time-limit'

export interface RunResult {
  exitCode: number | undefined
  signal: string | undefined
  endedBy: EndedBy
  durationMs: number
  /** Why it could not be started at all. */
  startError?: NodeJS.ErrnoException
}

/** Runs one process in a group of its own; when this returns, nothing of that group runs any more. */
export async function runProcess(options: RunOptions): Promise<RunResult> {
  const { guard, limits = {} } = options
  const [exe, ...args] = options.argv
  const marker = guard.nextMarker()
  const started = performance.now()
  const child = execa(exe ?? '', args, {
    detached: process.platform !== 'win32',
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    windowsHide: true,
    env: { ...options.env, [markerName]: marker },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const { pid } = child
  if (pid === undefined) return notStarted(await child, started)
  guard.watch(pid)
  void applyPriority(pid, limits)
  options.onStart?.(pid)

  let endedBy: EndedBy = 'itself'
  let ending: Promise<void> | undefined
  const end = (why: EndedBy): void => {
    if (ending) return
    endedBy = why
    ending = terminateTree(pid, { graceMs: limits.graceMs ?? 5_000, marker })
  }
  const watchdog = startWatchdog(limits, end)
  const cancel = (): void => end('cancel')
  options.signal.addEventListener('abort', cancel, { once: true })
  if (options.signal.aborted) cancel()

  const splitters = [child.stdout, child.stderr].map((stream) => {
    const splitter = createLineSplitter(options.onLine)
    stream.on('data', (chunk: Uint8Array) => {
      watchdog.sign()
      splitter.write(chunk)
    })
    return splitter
  })
  // A grandchild that keeps the pipes open would otherwise hold the command open for ever.
  child.nodeChildProcess.once('exit', () => {
    if (!ending) void killRemains(pid, marker)
  })
  const result = await child
  watchdog.stop()
  options.signal.removeEventListener('abort', cancel)
  await ending
  for (const splitter of splitters) splitter.end()
  guard.release(pid)
  return {
    exitCode: result.exitCode,
    signal: result.signal,
    endedBy,
    durationMs: performance.now() - started,
  }
}

function notStarted(
  result: { cause?: unknown; code?: string | undefined },
  started: number,
): RunResult {
  const cause = result.cause instanceof Error ? result.cause : new Error('could not be started')
  return {
    exitCode: undefined,
    signal: undefined,
    endedBy: 'itself',
    durationMs: performance.now() - started,
    startError: Object.assign(cause, { code: result.code ?? 'UNKNOWN' }),
  }
}

async function applyPriority(pid: number, limits: ProcessLimits): Promise<void> {
  try {
    if (limits.nice !== undefined) setPriority(pid, limits.nice)
    if (limits.oomScoreAdjust !== undefined && process.platform === 'linux') {
      await writeFile(`/proc/${pid}/oom_score_adj`, String(limits.oomScoreAdjust))
    }
  } catch {
    // The process is over already, or the worker lacks the right: neither is a reason not to render.
  }
}

interface Watchdog {
  sign(): void
  stop(): void
}

function startWatchdog(limits: ProcessLimits, end: (why: EndedBy) => void): Watchdog {
  const after = (ms: number | undefined, why: EndedBy): NodeJS.Timeout | undefined =>
    ms === undefined || ms === 0 ? undefined : setTimeout(() => end(why), ms)
  const stall = after(limits.stallMs, 'stall')
  const limit = after(limits.timeLimitMs, 'time-limit')
  return {
    sign: () => void stall?.refresh(),
    stop() {
      clearTimeout(stall)
      clearTimeout(limit)
    },
  }
}
