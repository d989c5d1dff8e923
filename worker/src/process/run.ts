import { execa } from 'execa'
import type { Presence } from '../presence/presence.ts'
import { type Guard, markerName } from './guard.ts'
import { createLineSplitter } from './lines.ts'
import { applyNiceness, type Priority, startWithScore } from './priority.ts'
import { killRemains, signalGroup, terminateTree } from './terminate.ts'

/** What a worker grants the processes it starts. */
export interface ProcessLimits extends Priority {
  /** No output for this long means stuck; undefined = never. */
  stallMs?: number | undefined
  timeLimitMs?: number | undefined
  /** Between TERM and KILL. */
  graceMs?: number | undefined
}

export interface RunOptions {
  argv: readonly string[]
  guard: Guard
  signal: AbortSignal
  onStart?: (pid: number) => void
  onLine: (line: string) => void
  /** The process holds still, or goes on. */
  onHold?: (isHeld: boolean) => void
  cwd?: string
  env?: Readonly<Record<string, string>>
  limits?: ProcessLimits
  /** While somebody uses the machine the process holds still (not on Windows). */
  presence?: Presence | undefined
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
  const child = startWithScore(limits, () =>
    execa(exe ?? '', args, {
      detached: process.platform !== 'win32',
      cleanup: false,
      reject: false,
      buffer: false,
      stdin: 'ignore',
      windowsHide: true,
      env: { ...options.env, [markerName]: marker },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }),
  )
  const { pid } = child
  if (pid === undefined) return notStarted(await child, started)
  guard.watch(pid)
  applyNiceness(pid, limits)
  options.onStart?.(pid)

  let endedBy: EndedBy = 'itself'
  let ending: Promise<void> | undefined
  const end = (why: EndedBy): void => {
    if (ending) return
    endedBy = why
    // TERM first: what holds still takes note of it when it goes on.
    ending = terminateTree(pid, { graceMs: limits.graceMs ?? 5_000, marker })
    signalGroup(pid, 'SIGCONT')
  }
  const watchdog = startWatchdog(limits, end)
  const goOn = holdStill(options.presence, (isHeld) => {
    if (ending) return
    signalGroup(pid, isHeld ? 'SIGSTOP' : 'SIGCONT')
    watchdog.hold(isHeld)
    options.onHold?.(isHeld)
  })
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
  goOn()
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

/** Tells when to hold still and when to go on, from now until what it answers is called. */
function holdStill(presence: Presence | undefined, hold: (isHeld: boolean) => void): () => void {
  if (presence?.how !== 'pause' || process.platform === 'win32') return () => {}
  if (presence.isHere) hold(true)
  return presence.watch(hold)
}

interface Watchdog {
  sign(): void
  /** The time that a process holds still is not its own. */
  hold(isHeld: boolean): void
  stop(): void
}

function startWatchdog(limits: ProcessLimits, end: (why: EndedBy) => void): Watchdog {
  const clocks = [
    startClock(limits.stallMs, () => end('stall')),
    startClock(limits.timeLimitMs, () => end('time-limit')),
  ] as const
  return {
    sign: () => clocks[0].restart(),
    hold(isHeld) {
      for (const clock of clocks) isHeld ? clock.stop() : clock.goOn()
    },
    stop() {
      for (const clock of clocks) clock.stop()
    },
  }
}

interface Clock {
  restart(): void
  stop(): void
  goOn(): void
}

/** Node's timers fire at once when asked for more, which is 24.8 days. */
export const longestTimerMs = 2 ** 31 - 1

/** Counts down unless stopped; 0 and undefined mean never. */
function startClock(ms: number | undefined, onOver: () => void): Clock {
  let left = ms ?? 0
  let started = 0
  let timer: NodeJS.Timeout | undefined
  const clock: Clock = {
    restart() {
      if (!timer) return
      clock.stop()
      left = ms ?? 0
      clock.goOn()
    },
    stop() {
      if (timer) left -= performance.now() - started
      clearTimeout(timer)
      timer = undefined
    },
    goOn() {
      if (!ms || timer) return
      started = performance.now()
      timer = setTimeout(onOver, Math.min(Math.max(1, left), longestTimerMs))
    },
  }
  clock.goOn()
  return clock
}
