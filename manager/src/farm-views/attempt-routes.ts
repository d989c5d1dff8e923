import type { Attempt, FrameReport } from '@shaman-farm/manager-api'
import { dateTime, optionalTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { needJob, needTask, needWorker } from '../http/lookup.ts'
import { type Handlers, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import type { AttemptDetail, FrameRecord } from '../tasks/attempts-store.ts'
import { taskWorker } from '../tasks/task-views.ts'
import { reusedFrom } from './frames.ts'
import { throughputOf } from './throughput.ts'

export function attemptHandlers({ farm }: Services): Handlers {
  const views = (attempts: readonly AttemptDetail[]) =>
    ok({ attempts: attempts.map((attempt) => attemptView(farm, attempt)) })
  return {
    farmTaskAttempts: ({ params }) =>
      views(farm.attempts.ofTask(needTask(farm, params.task_id).id)),
    farmJobAttempts({ params, query }) {
      const job = needJob(farm, params.job_id)
      return views(farm.attempts.ofJob(job.id, query.limit ?? 500, query.offset ?? 0))
    },
    farmWorkerAttempts({ params, query }) {
      const worker = needWorker(farm, params.worker_id)
      const to = query.to ? Date.parse(query.to) : farm.now()
      const from = query.from ? Date.parse(query.from) : to - 24 * 3_600_000
      return views(farm.attempts.ofWorker(worker.id, from, to, query.limit ?? 500))
    },
    farmThroughput: () => ok(throughputOf(farm)),
  }
}

function attemptView(farm: Farm, attempt: AttemptDetail): Attempt {
  return {
    id: attempt.uuid,
    task_id: attempt.task_uuid,
    job_id: attempt.job_uuid,
    task_name: attempt.task_name,
    task_status: attempt.task_status,
    worker: taskWorker(attempt),
    started: dateTime(attempt.started_at),
    ...optionalTime('ended', attempt.ended_at),
    ...(attempt.outcome ? { outcome: attempt.outcome } : {}),
    ...(attempt.reason ? { reason: attempt.reason } : {}),
    ...(attempt.excerpt ? { excerpt: attempt.excerpt } : {}),
    log_start: attempt.log_start,
    ...(attempt.log_end === null ? {} : { log_end: attempt.log_end }),
    frames: farm.attempts.frames(attempt.id).map(frameReport),
  }
}

function frameReport(record: FrameRecord): FrameReport {
  const { frame, status, duration_ms, file } = record
  const from = reusedFrom(record)
  return {
    frame,
    status,
    ...(duration_ms === null ? {} : { duration_ms }),
    ...(file === null ? {} : { file }),
    ...(from ? { reused: true, reused_from: from } : {}),
  }
}
