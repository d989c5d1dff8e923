import type { AssignedTask, WorkerStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { FarmError } from '../problems.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import { heardFrom } from '../workers/worker-session.ts'
import { createAffinity } from './affinity.ts'
import { takeTask } from './scheduler.ts'

/** What a worker that asks for a task is told. */
export type TaskReply =
  | { kind: 'task'; task: TaskRecord }
  | { kind: 'change-status'; status: WorkerStatus }
  | { kind: 'not-awake'; status: WorkerStatus }
  | { kind: 'nothing' }

export interface TaskRequests {
  /** Answers at once, or, with a wait, as soon as there is something to tell. */
  ask(worker: number, options?: { waitMs?: number; gone?: AbortSignal }): Promise<TaskReply>
  /** Workers that are waiting this moment: they are there, though they say nothing. */
  waiting(): Iterable<number>
  close(): void
}

interface Waiter {
  worker: number
  finish(reply: TaskReply): void
}

// One turn of the loop looks at so many waiters, so that a thousand of them do not hold up everybody else.
const waitersPerTurn = 50
// A worker that has just reported asks again within this time, and knows the job: others that wait let it go first.
const headStartMs = 40

export function createTaskRequests(farm: Farm): TaskRequests {
  const waiters = new Set<Waiter>()
  const affinity = createAffinity()
  let draining: NodeJS.Immediate | undefined
  let servingCold: NodeJS.Timeout | undefined

  const answer = (worker: number): TaskReply => {
    const reply = replyTo(farm, worker)
    if (reply.kind === 'task') affinity.worked(worker, reply.task.job_id)
    return reply
  }
  const drain = (rest: Waiter[]): void => {
    draining = undefined
    const now = rest.splice(0, waitersPerTurn).filter((waiter) => waiters.has(waiter))
    const replies = farm.transaction(() => now.map(({ worker }) => answer(worker)))
    for (const [i, reply] of replies.entries()) {
      if (reply.kind !== 'nothing') now[i]!.finish(reply)
    }
    if (rest.length > 0) draining = setImmediate(drain, rest)
  }
  const serve = (): void => {
    draining = undefined
    if (waiters.size === 0) return
    const all = [...waiters]
    const warm = affinity.first(all, placeInLine(farm))
    drain(warm ?? all)
    if (!warm || warm.length === all.length) return
    servingCold ??= setTimeout(() => {
      servingCold = undefined
      drain([...waiters])
    }, headStartMs)
  }
  const stopListening = farm.signals.on('ready', () => {
    draining ??= setImmediate(serve)
  })

  return {
    async ask(worker, { waitMs = 0, gone } = {}) {
      const reply = await farm.transactions.soon(() => answer(worker))
      if (reply.kind !== 'nothing' || waitMs <= 0 || !gone || gone.aborted) return reply
      return wait(worker, waitMs, gone)
    },
    *waiting() {
      for (const waiter of waiters) yield waiter.worker
    },
    close() {
      stopListening()
      if (draining) clearImmediate(draining)
      clearTimeout(servingCold)
      for (const waiter of waiters) waiter.finish({ kind: 'nothing' })
    },
  }

  function wait(worker: number, waitMs: number, gone: AbortSignal): Promise<TaskReply> {
    return new Promise((resolve) => {
      const finish = (reply: TaskReply): void => {
        waiters.delete(waiter)
        clearTimeout(timer)
        for (const stop of stops) stop()
        gone.removeEventListener('abort', leave)
        resolve(reply)
      }
      const waiter: Waiter = { worker, finish }
      const leave = (): void => finish({ kind: 'nothing' })
      const timer = setTimeout(leave, waitMs)
      const stops = [
        farm.signals.on(`worker:${worker}`, () => {
          const reply = farm.transaction(() => answer(worker))
          if (reply.kind !== 'nothing') finish(reply)
        }),
        // The answer's header says why it comes early.
        farm.signals.on(`doctor:${worker}`, () => {
          if (farm.doctors.isNews(worker)) leave()
        }),
      ]
      gone.addEventListener('abort', leave)
      waiters.add(waiter)
    })
  }
}

/** The place of a job in line, if it has something to hand out. */
function placeInLine(farm: Farm): (job: number) => number | undefined {
  const places = new Map(farm.readiness.candidates().map(({ id }, place) => [id, place]))
  return (job) => (places.has(job) && farm.tasks.hasReady(job) ? places.get(job) : undefined)
}

/** Call inside a transaction. */
function replyTo(farm: Farm, workerId: number): TaskReply {
  const worker = heardFrom(farm, farm.workers.byId(workerId))
  if (worker.status_requested && worker.status_requested !== worker.status) {
    return { kind: 'change-status', status: worker.status_requested }
  }
  if (worker.deleted_at !== null || worker.status !== 'awake') {
    return { kind: 'not-awake', status: worker.status }
  }
  const task = takeTask(farm, worker)
  return task ? { kind: 'task', task } : { kind: 'nothing' }
}

/** The `X-Farm-Wait` header as milliseconds, at most a minute. */
export function waitMsOf(header: string | string[] | undefined): number {
  if (header === undefined) return 0
  const seconds = Number(header)
  if (!(seconds >= 0)) throw new FarmError('BAD_REQUEST', 'X-Farm-Wait is no number of seconds')
  return Math.min(seconds, 60) * 1000
}

export type Expand = (
  parameters: Record<string, unknown>,
  platform: string,
) => Record<string, unknown>

/** The task as the worker gets it, with the variables of its platform filled in. */
export function assignedTask(
  farm: Farm,
  task: TaskRecord,
  platform: string,
  expand: Expand,
): AssignedTask {
  const job = farm.jobs.byId(task.job_id)
  const commands = JSON.parse(task.commands) as AssignedTask['commands']
  const attempt = task.attempt_id === null ? undefined : farm.attempts.byId(task.attempt_id)
  return {
    uuid: task.uuid,
    job: job.uuid,
    name: task.name,
    status: task.status,
    priority: task.priority,
    job_priority: job.priority,
    job_type: job.job_type,
    task_type: task.type,
    commands: commands.map((command) => ({
      ...command,
      parameters: expand(command.parameters, platform),
    })),
    steps_completed: task.steps_completed,
    steps_total: task.steps_total,
    ...(job.shaman_checkout_id ? { checkout: { id: job.shaman_checkout_id } } : {}),
    ...(attempt ? { attempt: attempt.uuid } : {}),
    ...(task.frames ? { frames: task.frames } : {}),
    ...(farm.outputs.wantsReuse(job.id) ? { reuse: true } : {}),
  }
}
