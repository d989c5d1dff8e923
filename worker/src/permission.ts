import type { MayKeepRunning } from '@shaman-farm/manager-api'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Logger } from 'pino'
import { createBackoff, pause, wasHeld } from './backoff.ts'

export interface Refusal {
  reason: string
  /** The worker is to take another status: it asks for it next. */
  statusChangeRequested: boolean
}

export interface PermissionOptions {
  client: WorkerClient
  taskId: string
  log: Logger
  signal: AbortSignal
  /** How long one question may hang at a manager that can hold it. */
  waitSeconds?: number
  /** How often to ask one that cannot. */
  pollMs?: number
}

/** Resolves when the manager no longer wants the task to run; undefined when the signal fired first. */
export async function watchPermission(options: PermissionOptions): Promise<Refusal | undefined> {
  const { signal, log, waitSeconds = 30, pollMs = 10_000 } = options
  const backoff = createBackoff({ minMs: 500, maxMs: pollMs })
  while (!signal.aborted) {
    const asked = performance.now()
    const answer = await ask(options, waitSeconds).catch((error: unknown) => {
      // A manager that cannot be reached is no reason to throw away an hour of rendering.
      if (!signal.aborted) log.debug({ err: error, task: options.taskId }, 'may-i-run unanswered')
      return undefined
    })
    if (signal.aborted) return undefined
    if (!answer) {
      await backoff.wait(signal)
      continue
    }
    backoff.reset()
    if (!answer.mayKeepRunning) {
      return { reason: answer.reason, statusChangeRequested: answer.statusChangeRequested }
    }
    if (!wasHeld(asked, waitSeconds)) await pause(pollMs, signal)
  }
  return undefined
}

async function ask(
  { client, taskId, signal }: PermissionOptions,
  waitSeconds: number,
): Promise<MayKeepRunning | undefined> {
  const answer = await client.request('mayWorkerRun', {
    params: { task_id: taskId },
    headers: { 'X-Farm-Wait': String(waitSeconds) },
    timeoutMs: (waitSeconds + 10) * 1000,
    signal,
  })
  return answer.status === 200 ? answer.body : undefined
}
