import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FarmProcess, startFarmProcess } from '@shaman-farm/bin/farm-process'
import type { ManagerClient } from '@shaman-farm/manager-api'

/** A worker in a process of its own. */
export function startWorker(url: string, home: string, storage: 'auto' | 'pull'): FarmProcess {
  return startFarmProcess([
    ...['worker', '--manager', url, '--home', home, '--name', 'bench'],
    ...['--task-types', 'misc', '--storage', storage, '--log-level', 'warn'],
  ])
}

export interface Run {
  /** Of one attempt's end to the next one's start, in ms, in order. */
  gaps: number[]
  /** From one attempt's start to the next one's: all there is to a task that does nothing. */
  turns: number[]
  /** How the job's files came, if they had to: as the first task's log tells. */
  files: { how: string; ms: number; bytes: number } | undefined
}

const limitMs = 5 * 60_000

/** Has a job of tasks that do nothing run, and tells how the time between them was spent. */
export async function runTasks(
  client: ManagerClient,
  tasks: number,
  checkout?: string,
): Promise<Run> {
  const { id } = await client.submitJob({
    body: {
      name: `${tasks} tasks`,
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'm', sleep_duration_seconds: 0, sleep_repeats: tasks - 1 },
      ...(checkout === undefined ? {} : { storage: { shaman_checkout_id: checkout } }),
    },
  })
  const params = { job_id: id }
  const until = performance.now() + limitMs
  while ((await client.fetchJob({ params })).status !== 'completed') {
    if (performance.now() > until) throw new Error(`job ${id} did not complete`)
    await sleep(50)
  }
  const { attempts } = await client.farmJobAttempts({ params, query: { limit: 1000 } })
  const times = attempts
    .map(({ started, ended }) => ({ start: Date.parse(started), end: Date.parse(ended!) }))
    .sort((a, b) => a.start - b.start)
  const first = attempts.at(-1)!.task_id
  const log: unknown = await client.fetchTaskLogTail({ params: { task_id: first } })
  const told = /checkout of \d+ files \((\w+)\), (\d+) bytes fetched, (\d+) ms/.exec(String(log))
  return {
    gaps: times.slice(1).map(({ start }, i) => start - times[i]!.end),
    turns: times.slice(1).map(({ start }, i) => start - times[i]!.start),
    files: told ? { how: told[1]!, bytes: Number(told[2]), ms: Number(told[3]) } : undefined,
  }
}

/** Resident memory now and at most so far, in MiB. */
export async function residentMib(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const of = (field: string): number =>
    Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}
