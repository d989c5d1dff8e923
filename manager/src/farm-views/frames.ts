import type { FrameRun, FrameStatus, JobFrames, ReusedFrom } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { parseFrames } from '../job-types/main.ts'
import type { JobRecord } from '../jobs/jobs-store.ts'
import type { FrameRecord } from '../tasks/attempts-store.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'

interface Frame {
  frame: number
  status: FrameStatus
  task: string
  reusedFrom: ReusedFrom | undefined
}

/** Every frame of a job with its state, neighbours of one state and one task put together. */
export function jobFrames(farm: Farm, job: JobRecord): Omit<JobFrames, 'thumbnails'> {
  const frames = framesOf(farm, job).sort((a, b) => a.frame - b.frame)
  return {
    total: frames.length,
    completed: frames.filter(({ status }) => status === 'completed' || status === 'skipped').length,
    runs: toRuns(frames),
  }
}

function framesOf(farm: Farm, job: JobRecord): Frame[] {
  const reported = new Map<number, Map<number, FrameRecord>>()
  for (const record of farm.attempts.framesOfJob(job.id)) {
    const ofAttempt = reported.get(record.attempt_id) ?? new Map()
    ofAttempt.set(record.frame, record)
    reported.set(record.attempt_id, ofAttempt)
  }
  return farm.tasks
    .ofJob(job.id)
    .filter((task) => task.frames !== '')
    .flatMap((task) => {
      const current = task.attempt_id === null ? undefined : reported.get(task.attempt_id)
      return readFrames(task.frames).map((frame) => ({
        frame,
        status: frameStatus(task, current?.get(frame)),
        task: task.uuid,
        reusedFrom: reusedFrom(current?.get(frame)),
      }))
    })
}

/** What the worker reported in the task's present run counts, unless all of it is to be done again. */
function frameStatus(task: TaskRecord, reported: FrameRecord | undefined): FrameStatus {
  if (task.status === 'queued') return task.waits_for > 0 ? 'waiting' : 'queued'
  if (reported) return reported.status
  return task.status
}

/** Where a frame was taken from that was not rendered again. */
export function reusedFrom(record: FrameRecord | undefined): ReusedFrom | undefined {
  if (!record?.reused_job || !record.reused_task) return undefined
  return { job: record.reused_job, task: record.reused_task }
}

function readFrames(text: string): number[] {
  try {
    return parseFrames(text)
  } catch {
    return []
  }
}

function toRuns(frames: readonly Frame[]): FrameRun[] {
  const runs: FrameRun[] = []
  for (const { frame, status, task, reusedFrom: from } of frames) {
    const last = runs.at(-1)
    const isLike = last?.status === status && last.task_id === task && isSame(last, from)
    if (last && isLike && fits(last, frame)) {
      if (last.count === 1) last.step = frame - last.from
      last.count += 1
    } else {
      const reused = from ? { reused_from: from } : {}
      runs.push({ from: frame, count: 1, step: 1, status, task_id: task, ...reused })
    }
  }
  return runs
}

function isSame({ reused_from: last }: FrameRun, from: ReusedFrom | undefined): boolean {
  return last?.job === from?.job && last?.task === from?.task
}

function fits(run: FrameRun, frame: number): boolean {
  return run.count === 1 ? frame > run.from : frame === run.from + run.count * run.step
}
