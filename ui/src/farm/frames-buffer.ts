import type { Attempt, FrameStatus, JobFrames, TaskRow, TaskStatus } from './wire.ts'

/** The statuses a cell can have, by the small number it is kept as. */
export const cellStatuses = [
  'queued',
  'waiting',
  'active',
  'completed',
  'skipped',
  'soft-failed',
  'failed',
  'paused',
  'canceled',
] as const satisfies readonly FrameStatus[]

const codeOf = Object.fromEntries(cellStatuses.map((status, code) => [status, code])) as Record<
  FrameStatus,
  number
>

/** A job's frames as columns, so that ten thousand of them are a few small arrays. */
export interface Frames {
  /** `frames`, or `tasks` where a job type does not tell which frames its tasks make. */
  kind: 'frames' | 'tasks'
  count: number
  /** Frame numbers, or the places of tasks in their job. */
  number: Int32Array
  status: Uint8Array
  /** Index into `taskIds`. */
  task: Int32Array
  taskIds: readonly string[]
  durationMs: Float64Array
  /** Index into `workers`, -1 for none. */
  worker: Int16Array
  workers: readonly { id: string; name: string }[]
  tries: Uint8Array
  /** 1 where the picture was taken over from an earlier job. */
  reused: Uint8Array
  thumbnails: ReadonlyMap<number, Thumbnail>
}

/** Addresses of a frame's picture, and of the one it had before it was rendered again. */
export type Thumbnail = Pick<JobFrames['thumbnails'][number], 'url' | 'previous'>

export function framesOf(answer: JobFrames): Frames {
  const count = answer.runs.reduce((sum, run) => sum + run.count, 0)
  const frames = blank('frames', count)
  const taskIndex = new Map<string, number>()
  let at = 0
  for (const run of answer.runs.toSorted((a, b) => a.from - b.from)) {
    if (!taskIndex.has(run.task_id)) taskIndex.set(run.task_id, taskIndex.size)
    const task = taskIndex.get(run.task_id)!
    for (let step = 0; step < run.count; step += 1) {
      frames.number[at] = run.from + step * run.step
      frames.status[at] = codeOf[run.status] ?? 0
      frames.task[at] = task
      frames.reused[at] = run.reused_from ? 1 : 0
      at += 1
    }
  }
  return {
    ...frames,
    taskIds: [...taskIndex.keys()],
    thumbnails: new Map(answer.thumbnails.map((one) => [one.frame, one])),
  }
}

export function framesOfTasks(tasks: readonly TaskRow[]): Frames {
  const frames = blank('tasks', tasks.length)
  for (const [at, task] of tasks.entries()) {
    frames.number[at] = task.index_in_job
    frames.status[at] = codeOf[task.status]
    frames.task[at] = at
    frames.tries[at] = Math.min(255, task.attempts)
  }
  return { ...frames, taskIds: tasks.map((task) => task.id) }
}

function blank(kind: Frames['kind'], count: number): Frames {
  return {
    kind,
    count,
    number: new Int32Array(count),
    status: new Uint8Array(count),
    task: new Int32Array(count),
    taskIds: [],
    durationMs: new Float64Array(count).fill(Number.NaN),
    worker: new Int16Array(count).fill(-1),
    workers: [],
    tries: new Uint8Array(count),
    reused: new Uint8Array(count),
    thumbnails: new Map(),
  }
}

interface FrameFacts {
  duration: number | undefined
  worker: number
}

/** Adds who made each frame, how long it took and how often it was tried. Attempts are newest first. */
export function withAttempts(frames: Frames, attempts: readonly Attempt[]): Frames {
  const taskIndex = new Map(frames.taskIds.map((id, index) => [id, index]))
  const workerIndex = new Map<string, number>()
  const workers: { id: string; name: string }[] = []
  const byTask = new Map<number, Attempt[]>()
  for (const attempt of attempts) {
    const task = taskIndex.get(attempt.task_id)
    if (task === undefined) continue
    if (!byTask.has(task)) byTask.set(task, [])
    byTask.get(task)!.push(attempt)
    if (!workerIndex.has(attempt.worker.id)) {
      workerIndex.set(attempt.worker.id, workers.length)
      workers.push({ id: attempt.worker.id, name: attempt.worker.name })
    }
  }
  const next: Frames = {
    ...frames,
    workers,
    durationMs: frames.durationMs.slice(),
    worker: frames.worker.slice(),
    tries: frames.tries.slice(),
  }
  const reports = new Map<string, FrameFacts>()
  for (const [task, list] of byTask) {
    for (const attempt of list.toReversed()) {
      for (const report of attempt.frames) {
        reports.set(`${task} ${report.frame}`, {
          duration: report.duration_ms,
          worker: workerIndex.get(attempt.worker.id)!,
        })
      }
    }
  }
  for (let at = 0; at < next.count; at += 1) {
    const list = byTask.get(next.task[at]!)
    if (!list) continue
    const report = reports.get(`${next.task[at]} ${next.number[at]}`)
    next.tries[at] = Math.min(255, list.length)
    next.worker[at] = report?.worker ?? workerIndex.get(list[0]!.worker.id)!
    next.durationMs[at] =
      report?.duration ?? (frames.kind === 'tasks' ? spanOf(list[0]!) : Number.NaN)
  }
  return next
}

function spanOf(attempt: Attempt): number {
  if (!attempt.ended) return Number.NaN
  return new Date(attempt.ended).getTime() - new Date(attempt.started).getTime()
}

/** Follows a task's event. Frames already completed stay so while their task goes on. */
export function patchTask(frames: Frames, taskId: string, status: TaskStatus): number[] {
  const task = frames.taskIds.indexOf(taskId)
  if (task < 0) return []
  const changed: number[] = []
  const code = codeOf[status]
  const keep = status === 'active' || status === 'soft-failed' || status === 'failed'
  for (let at = 0; at < frames.count; at += 1) {
    if (frames.task[at] !== task || frames.status[at] === code) continue
    if (keep && frames.kind === 'frames' && isDone(frames.status[at]!)) continue
    frames.status[at] = code
    changed.push(at)
  }
  return changed
}

function isDone(code: number): boolean {
  return code === codeOf.completed || code === codeOf.skipped
}

export function statusAt(frames: Frames, index: number): FrameStatus {
  return cellStatuses[frames.status[index]!] ?? 'queued'
}

export function isTrouble(frames: Frames, index: number): boolean {
  const code = frames.status[index]
  return code === codeOf.failed || code === codeOf['soft-failed']
}

/** Every cell of the tasks these cells belong to: a task is requeued whole. */
export function snapToTasks(frames: Frames, chosen: ReadonlySet<number>): Set<number> {
  const tasks = new Set([...chosen].map((at) => frames.task[at]))
  const snapped = new Set<number>()
  for (let at = 0; at < frames.count; at += 1) if (tasks.has(frames.task[at])) snapped.add(at)
  return snapped
}

export function indexRange(from: number, to: number): Set<number> {
  const chosen = new Set<number>()
  for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) chosen.add(at)
  return chosen
}

export interface TimeScale {
  low: number
  high: number
  /** Render times beyond the 5th and 95th percentile are drawn at the ends and ringed. */
  placeOf(ms: number): number
  isOutlier(ms: number): boolean
}

/** A logarithmic scale between the 5th and the 95th percentile of the known times. */
export function timeScale(durations: Float64Array): TimeScale | undefined {
  const known = durations.filter((ms) => ms > 0).sort()
  if (known.length === 0) return undefined
  const low = known[Math.floor((known.length - 1) * 0.05)]!
  const high = known[Math.ceil((known.length - 1) * 0.95)]!
  const span = Math.log(high) - Math.log(low)
  return {
    low,
    high,
    placeOf: (ms) =>
      span === 0 ? 0.5 : Math.min(1, Math.max(0, (Math.log(ms) - Math.log(low)) / span)),
    isOutlier: (ms) => ms > high * 1.5,
  }
}
