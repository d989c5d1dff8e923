import { type Accessor, createEffect, createMemo, createSignal, on } from 'solid-js'
import type { ApiError } from './api.ts'
import { useFarm } from './farm.tsx'
import { type Frames, framesOf, framesOfTasks, patchTask, withAttempts } from './frames-buffer.ts'
import { createRead, type Read } from './read.ts'
import type { Attempt, Attempts, JobFrames, TaskPage } from './wire.ts'

export interface JobFramesLive {
  frames: Accessor<Frames | undefined>
  attempts: Accessor<readonly Attempt[]>
  /** Where the attempts come from: on their way, or why they did not come. */
  told: Pick<Read<Attempts>, 'data' | 'error' | 'reload'>
  /** Cells changed since the last full answer, for a repaint of only those. */
  changed: Accessor<readonly number[]>
  error: Accessor<ApiError | undefined>
  loading: Accessor<boolean>
  reload(): void
}

/** A job's frames with who made them, following its tasks' events. */
export function createJobFrames(jobId: () => string): JobFramesLive {
  const farm = useFarm()
  const answer = createRead<JobFrames>(() => `/farm/jobs/${jobId()}/frames`, {
    soonMs: 1200,
    raw: true,
  })
  const told = createRead<Attempts>(() => `/farm/jobs/${jobId()}/attempts`, {
    query: () => ({ limit: 5000 }),
    soonMs: 1200,
    raw: true,
  })
  const noFrames = () => answer.data()?.total === 0
  const tasks = createRead<TaskPage>(
    () => (noFrames() ? `/farm/jobs/${jobId()}/tasks` : undefined),
    { query: () => ({ limit: 1000 }), soonMs: 1200 },
  )
  const [changed, setChanged] = createSignal<readonly number[]>([])
  const [frames, setFrames] = createSignal<Frames>()

  const plain = createMemo(() => {
    const data = answer.data()
    if (!data) return undefined
    if (!noFrames()) return framesOf(data)
    const list = tasks.data()
    return list ? framesOfTasks(list.tasks) : undefined
  })
  createEffect(
    on([plain, () => told.data()], ([base, attempts]) => {
      setFrames(base && (attempts ? withAttempts(base, attempts.attempts) : base))
    }),
  )

  farm.on('task', (event) => {
    if (event.job_id !== jobId()) return
    const now = frames()
    const cells = now ? patchTask(now, event.id, event.status) : []
    if (cells.length > 0) setChanged(cells)
    reloadSoon()
  })
  farm.on('job', (event) => {
    if (event.id === jobId() && (event.refresh_tasks || event.previous_status)) reloadSoon()
  })
  farm.on('last-rendered', (event) => event.job_id === jobId() && answer.reloadSoon())

  return {
    frames,
    attempts: () => told.data()?.attempts ?? [],
    told,
    changed,
    error: answer.error,
    loading: answer.loading,
    reload: answer.reload,
  }

  function reloadSoon(): void {
    answer.reloadSoon()
    told.reloadSoon()
    if (noFrames()) tasks.reloadSoon()
  }
}
