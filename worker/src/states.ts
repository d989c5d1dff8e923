import type { AssignedTask, WorkerStatus } from '@shaman-farm/manager-api'
import { pause, wasHeld } from './backoff.ts'
import type { SignedOn } from './identity.ts'
import { watchPermission } from './permission.ts'
import type { Presence } from './presence/presence.ts'
import { runGuarded } from './process/run-program.ts'
import { runTask } from './run-task.ts'
import { type Session, takeIdentity } from './session.ts'
import { createTaskReporter } from './task-reporter.ts'

export type WorkerEnd = 'stopped' | 'offline' | 'restart' | 'idle'

/** The state loop: each state acts until the manager wants another one. */
export async function live(
  session: Session,
  identify: () => Promise<SignedOn>,
): Promise<WorkerEnd> {
  if (session.options.flush) {
    await session.outbox.drained(session.signal)
    return session.signal.aborted ? 'stopped' : 'idle'
  }
  let status = session.signedOn.status
  session.selfCheck?.signedOn(session.signedOn.client)
  while (!session.signal.aborted) {
    session.log.info({ status }, 'worker status')
    await tellStatus(session, status)
    if (status === 'offline' || status === 'restart') return status
    const next = await (status === 'awake' ? work(session) : sleep(session, session.signal))
    if (next === 'sign-on') {
      await takeIdentity(session, await identify())
      status = session.signedOn.status
      continue
    }
    if (next === 'stopped' || next === 'idle') return next
    status = next
  }
  return 'stopped'
}

type Next = WorkerStatus | 'stopped' | 'idle' | 'sign-on'

/** Asks for tasks and runs them, until told to take another state. */
async function work(session: Session): Promise<Next> {
  const { signal, timing, backoff } = session
  let refusals = 0
  while (!signal.aborted) {
    // The manager must know of the last task's end before it is asked for the next one.
    await session.outbox.drained(signal)
    if (session.options.presence?.isHere) {
      const next = await yieldTo(session, session.options.presence)
      if (next !== 'awake') return next
      continue
    }
    const asked = performance.now()
    const answer = await askForTask(session)
    const isDoctorWanted = answer?.headers.has('x-farm-doctor') ?? false
    if (isDoctorWanted) session.selfCheck?.wanted(session.signedOn.client)
    if (signal.aborted) break
    switch (answer?.status) {
      case 200: {
        backoff.reset()
        refusals = 0
        session.selfCheck?.busy()
        await runAssigned(session, answer.body)
        if (session.stopAfter) return 'stopped'
        continue
      }
      case 204: {
        backoff.reset()
        refusals = 0
        if (session.options.once) return 'idle'
        const isHeld = isDoctorWanted || wasHeld(asked, timing.waitSeconds)
        if (!isHeld) await pause(jittered(timing.idleMs), signal)
        continue
      }
      case 423:
        backoff.reset()
        return answer.body.status_requested
      case 409:
        // The manager thinks the worker is not awake, e.g. because it was silent for a while.
        refusals += 1
        if (refusals > 3) return 'sign-on'
        await tellStatus(session, 'awake')
        await backoff.wait(signal)
        continue
      case 403:
        return 'sign-on'
      default:
        await backoff.wait(signal)
    }
  }
  return 'stopped'
}

async function askForTask({ signedOn, timing, signal, log, options, selfCheck }: Session) {
  // A worker that ends when idle has no use for a question that hangs.
  const waitSeconds = options.once ? 0 : timing.waitSeconds
  selfCheck?.idle(signedOn.client)
  try {
    return await signedOn.client.request('scheduleTask', {
      headers: waitSeconds > 0 ? { 'X-Farm-Wait': String(waitSeconds) } : {},
      timeoutMs: (waitSeconds + 10) * 1000,
      signal,
    })
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, 'no answer to question for a task')
    return undefined
  }
}

async function runAssigned(session: Session, task: AssignedTask): Promise<void> {
  const { options, outbox, previews } = session
  const log = session.log.child({ task: task.uuid, job: task.job })
  const abort = new AbortController()
  const over = new AbortController()
  session.running = { taskId: task.uuid, abort }
  const signal = AbortSignal.any([session.signal, abort.signal])
  log.info({ task_name: task.name }, 'task started')
  const watching = watchPermission({
    client: session.signedOn.client,
    taskId: task.uuid,
    log,
    signal: AbortSignal.any([signal, over.signal]),
    waitSeconds: session.timing.waitSeconds,
    pollMs: session.timing.mayIRunMs,
  }).then((refusal) => {
    if (refusal) abort.abort(new Error(refusal.reason))
  })
  const { presence } = options
  const stopWatching = presence?.watch((isHere) => {
    if (isHere && presence.how === 'stop') abort.abort(new Error('somebody uses this machine'))
  })
  const outcome = await runTask({
    task,
    reporter: createTaskReporter({ send: (update) => outbox.add(task.uuid, update) }),
    signal,
    guard: session.guard,
    presence,
    limits: options.limits ?? {},
    env: { ...options.env, SHAMAN_FARM_TASK: task.uuid },
    log,
    imageSaved(image) {
      previews.offer({ taskId: task.uuid, ...image })
      if (session.stopAfter === 'frame') session.stop('now')
    },
    prepare(tell) {
      const run = runGuarded(session.guard, signal)
      return session.storage.prepare(task, { signal, log, tell, run })
    },
  })
  stopWatching?.()
  over.abort()
  await watching
  session.running = undefined
  log.info({ outcome }, 'task ended')
}

/** Sleeps for as long as somebody uses the machine, then wakes by itself. */
async function yieldTo(session: Session, presence: Presence): Promise<Next> {
  const alone = new AbortController()
  const stopWatching = presence.watch((isHere) => {
    if (!isHere) alone.abort()
  })
  try {
    await tellStatus(session, 'asleep')
    const next = await sleep(session, AbortSignal.any([session.signal, alone.signal]))
    if (session.signal.aborted || !alone.signal.aborted) return next
    await tellStatus(session, 'awake')
    return 'awake'
  } finally {
    stopWatching()
  }
}

/** Asks now and then whether it is time to wake up. */
async function sleep(session: Session, signal: AbortSignal): Promise<Next> {
  const { signedOn, timing, backoff } = session
  while (!signal.aborted) {
    if (session.options.once) return 'idle'
    const asked = performance.now()
    const answer: { status: number; body: unknown } | undefined = await signedOn.client
      .request('workerState', {
        headers: { 'X-Farm-Wait': String(timing.waitSeconds) },
        timeoutMs: (timing.waitSeconds + 10) * 1000,
        signal,
      })
      .catch(() => undefined)
    if (signal.aborted) break
    switch (answer?.status) {
      case 200:
        backoff.reset()
        return (answer.body as { status_requested: WorkerStatus }).status_requested
      case 204: {
        backoff.reset()
        if (!wasHeld(asked, timing.waitSeconds)) await pause(jittered(timing.asleepMs), signal)
        continue
      }
      case 403:
        return 'sign-on'
      default:
        await backoff.wait(signal)
    }
  }
  return 'stopped'
}

async function tellStatus(session: Session, status: WorkerStatus): Promise<void> {
  const { signedOn, signal, log } = session
  try {
    await signedOn.client.workerStateChanged({ body: { status }, timeoutMs: 10_000, signal })
  } catch (error) {
    // Asking for work or state will show the disagreement again.
    if (!signal.aborted) log.warn({ err: error, status }, 'status not told')
  }
}

function jittered(ms: number): number {
  return ms * (0.9 + Math.random() * 0.2)
}
