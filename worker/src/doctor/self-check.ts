import type { DoctorReport } from '@shaman-farm/manager-api'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Logger } from 'pino'
import { platformName } from '../identity.ts'
import type { Guard } from '../process/guard.ts'
import { runGuarded } from '../process/run-program.ts'
import type { Finding } from './checks.ts'
import { type ExamineOptions, examine } from './examine.ts'

/** A worker's reports on its own machine, for the dashboard. Renders go first. */
export interface SelfCheck {
  /** Reports what can be told at once; the rest follows when the worker has nothing to do. */
  signedOn(client: WorkerClient): void
  /** Somebody asked for a fresh report. */
  wanted(client: WorkerClient): void
  /** There is no task just now. May be said again and again. */
  idle(client: WorkerClient): void
  /** There is one. */
  busy(): void
  /** Ends what is under way. */
  close(): Promise<void>
}

export interface SelfCheckOptions {
  home: string
  softwareVersion: string
  log: Logger
  guard: Guard
  look: Look
  /** Idle for so long means idle. */
  idleMs?: number
  now?: () => Date
}

export type Look = (options: ExamineOptions) => Promise<Finding[]>

/** The slots of one machine look it over once for all of them. */
export function shareLooks(look: Look = examine, freshMs = 60_000): Look {
  const latest = new Map<ExamineOptions['depth'], { at: number; findings: Promise<Finding[]> }>()
  return (options) => {
    const known = latest.get(options.depth)
    if (known && performance.now() - known.at < freshMs) return known.findings
    const findings = look(options)
    latest.set(options.depth, { at: performance.now(), findings })
    return findings
  }
}

export function createSelfCheck(options: SelfCheckOptions): SelfCheck {
  const { home, log, guard, look, idleMs = 3_000, now = () => new Date() } = options
  const closing = new AbortController()
  const run = runGuarded(guard, closing.signal)
  let isComplete = false
  let idling: NodeJS.Timeout | undefined
  let working: Promise<void> = Promise.resolve()

  async function report(client: WorkerClient, depth: ExamineOptions['depth']): Promise<void> {
    try {
      if (closing.signal.aborted) return
      const findings = await look({ client, home, depth, run })
      const checks = findings.map(checkOf)
      const { softwareVersion: version } = options
      const body = { at: now().toISOString(), version, platform: platformName(), checks }
      const { signal } = closing
      const call = { body, timeoutMs: 10_000, signal }
      const { status }: { status: number } = await client.request('farmReportDoctor', call)
      // 404 is Flamenco's manager: a closer look would leave test bytes in its store, for nobody.
      if (status === 404 || (status < 500 && depth === 'all')) isComplete = true
      log.debug({ depth, status }, 'reported on this machine')
    } catch (error) {
      log.debug({ err: error }, 'not reported on this machine')
    }
  }
  const queue = (client: WorkerClient, depth: ExamineOptions['depth']): void => {
    working = working.then(() => report(client, depth))
  }
  const queueUnlessComplete = (client: WorkerClient): void => {
    working = working.then(() => (isComplete ? undefined : report(client, 'all')))
  }

  return {
    signedOn(client) {
      if (!isComplete) queue(client, 'light')
    },
    wanted: (client) => queue(client, 'all'),
    idle(client) {
      if (isComplete) return
      idling ??= setTimeout(() => queueUnlessComplete(client), idleMs)
    },
    busy() {
      clearTimeout(idling)
      idling = undefined
    },
    close() {
      clearTimeout(idling)
      closing.abort()
      return working
    },
  }
}

const statuses = { ok: 'ok', warning: 'warn', problem: 'fail', skipped: 'skipped' } as const
const titles: Readonly<Record<string, string>> = {
  blender: 'Blender',
  devices: 'Test render',
  ffmpeg: 'ffmpeg',
  disk: 'Disk',
  manager: 'Manager',
  clock: 'Clock',
  storage: 'Storage',
  throughput: 'Throughput',
}

function checkOf({ check, status, message, hint }: Finding): DoctorReport['checks'][number] {
  const title = titles[check] ?? check.replace(/^device /, 'Test render, ')
  return { id: check, title, status: statuses[status], value: message, ...(hint ? { hint } : {}) }
}
