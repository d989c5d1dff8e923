import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { ManagerClient } from '@shaman-farm/manager-api'

export async function rssMib({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

/** Processor time of a process so far, in and for it. */
export async function cpuMs({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  return ticks * 10
}

/** How late the manager's event loop was at worst since this was last asked, as it tells itself. */
export async function worstLoopDelayMs(url: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(60_000) })
  const found = /^shaman_farm_nodejs_eventloop_lag_max_seconds (\S+)/m.exec(await answer.text())
  return Number(found?.[1]) * 1_000
}

/** A job of one task that echoes, for which all others wait. */
export function submitEcho(client: ManagerClient, tasks: number, name = `job of ${tasks}`) {
  return client.submitJob({
    body: {
      name,
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'm', sleep_duration_seconds: 0, sleep_repeats: tasks - 1 },
    },
  })
}
