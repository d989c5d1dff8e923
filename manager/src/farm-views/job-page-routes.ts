import {
  type JobFilters,
  type JobPageQuery,
  type JobStatus,
  type JobStatusCounts,
  type jobSorts,
  jobStatuses,
  type TaskPageQuery,
  type TaskRow,
  type taskSorts,
  taskStatuses,
} from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import { optionalTime } from '../db/times.ts'
import { needJob } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import { archiveJob } from '../jobs/archive.ts'
import { farmJobView, jobRow, submitterSql } from '../jobs/job-views.ts'
import { type JobRecord, tallyOf } from '../jobs/jobs-store.ts'
import type { Services } from '../services.ts'
import { taskSummary } from '../tasks/task-views.ts'
import type { TaskWithWorker } from '../tasks/tasks-store.ts'
import { etaOf } from './eta.ts'
import { statusList } from './status-list.ts'

const orderOf: Readonly<Record<(typeof jobSorts)[number], string>> = {
  created: 'id',
  '-created': 'id DESC',
  updated: 'updated_at, id',
  '-updated': 'updated_at DESC, id DESC',
  name: 'name COLLATE NOCASE, id',
  '-name': 'name COLLATE NOCASE DESC, id DESC',
  priority: 'priority, id DESC',
  '-priority': 'priority DESC, id',
  status: 'status, id DESC',
}

export function jobPageHandlers({ farm, shaman, lastRendered }: Services): Handlers {
  return {
    farmJobs({ query }) {
      const statuses = statusList(query.status, jobStatuses)
      const counts = countByStatus(farm.db, query)
      return ok({
        jobs: queryJobs(farm.db, query, statuses).map((job) =>
          jobRow(farm, job, {
            ...etaOf(farm, job),
            ...thumbnail(lastRendered.thumbnailUrl(job)),
          }),
        ),
        // Not asked of the database: another look at every job is a third of the whole answer.
        total: sumOf(counts, statuses ?? jobStatuses),
        counts,
      })
    },
    farmJobFilters: () => ok(jobFilters(farm.db)),
    farmJob({ params }) {
      const job = needJob(farm, params.job_id)
      return ok(farmJobView(farm, job, etaOf(farm, job)))
    },
    async farmArchiveJob({ params }) {
      await archiveJob(farm, shaman, needJob(farm, params.job_id))
      return noContent
    },
    farmJobTasks({ params, query }) {
      const job = needJob(farm, params.job_id)
      const wanted = statusList(query.status, taskStatuses)
      const tasks = queryTasks(farm.db, job.id, { ...query, statuses: wanted })
      const counts = tallyOf(job)
      const total = sumOf(counts, wanted ?? taskStatuses)
      return ok({ tasks: tasks.map((task) => taskRow(task)), total, counts })
    },
  }
}

function thumbnail(url: string | undefined): { thumbnail?: string } {
  return url ? { thumbnail: url } : {}
}

function queryJobs(
  db: Db,
  query: JobPageQuery,
  statuses: readonly JobStatus[] | undefined,
): JobRecord[] {
  return db
    .prepare<unknown[], JobRecord>(
      `SELECT * FROM jobs
        WHERE (@statuses IS NULL OR status IN (SELECT value FROM json_each(@statuses))) AND ${soughtFor}
        ORDER BY ${orderOf[query.sort ?? '-created']} LIMIT @limit OFFSET @offset`,
    )
    .all({
      ...filterOf(query),
      statuses: statuses ? JSON.stringify(statuses) : null,
      limit: query.limit ?? 100,
      offset: query.offset ?? 0,
    })
}

const soughtFor = `(@type IS NULL OR job_type = @type)
    AND (@user IS NULL OR ${submitterSql} = @user)
    AND (@tag IS NULL OR worker_tag_id = (SELECT id FROM worker_tags WHERE name = @tag))
    AND (@q IS NULL OR name LIKE @q ESCAPE '\\' OR metadata LIKE @q ESCAPE '\\' OR uuid LIKE @q ESCAPE '\\')`

function filterOf({ type, user, tag, q }: JobPageQuery): Record<string, string | null> {
  return { type: type ?? null, user: user ?? null, tag: tag ?? null, q: q ? likePattern(q) : null }
}

function jobFilters(db: Db): JobFilters {
  const read = (from: string): JobFilters['users'] =>
    db
      .prepare<[], JobFilters['users'][number]>(
        `SELECT found AS name, count(*) AS jobs FROM (${from}) WHERE found <> ''
         GROUP BY found ORDER BY jobs DESC, found LIMIT 200`,
      )
      .all()
  return {
    users: read(`SELECT ${submitterSql} AS found FROM jobs`),
    tags: read('SELECT t.name AS found FROM jobs JOIN worker_tags t ON t.id = worker_tag_id'),
  }
}

/** Of all that is sought for, whatever its status: that is what choosing another status would show. */
function countByStatus(db: Db, query: JobPageQuery): JobStatusCounts {
  const counts = db
    .prepare<unknown[], { status: string; n: number }>(
      `SELECT status, count(*) AS n FROM jobs WHERE ${soughtFor} GROUP BY status`,
    )
    .all(filterOf(query))
  return Object.fromEntries(
    jobStatuses.map((status) => [status, counts.find((row) => row.status === status)?.n ?? 0]),
  ) as JobStatusCounts
}

function sumOf<Status extends string>(
  counts: Readonly<Record<Status, number>>,
  statuses: readonly Status[],
): number {
  return statuses.reduce((sum, status) => sum + counts[status], 0)
}

const taskOrderOf: Readonly<Record<(typeof taskSorts)[number], string>> = {
  index: 't.index_in_job',
  '-index': 't.index_in_job DESC',
  name: 't.name COLLATE NOCASE, t.index_in_job',
  '-name': 't.name COLLATE NOCASE DESC, t.index_in_job DESC',
  updated: 't.updated_at, t.index_in_job',
  '-updated': 't.updated_at DESC, t.index_in_job DESC',
  status: 't.status, t.index_in_job',
}

function queryTasks(
  db: Db,
  job: number,
  query: { statuses: string[] | undefined } & Omit<TaskPageQuery, 'status'>,
): (TaskWithWorker & { attempts: number })[] {
  return db
    .prepare<unknown[], TaskWithWorker & { attempts: number }>(
      `SELECT t.*, w.uuid AS worker_uuid, w.name AS worker_name, w.address AS worker_address,
         (SELECT count(*) FROM attempts a WHERE a.task_id = t.id) AS attempts
       FROM tasks t LEFT JOIN workers w ON w.id = t.worker_id
       WHERE t.job_id = @job
         AND (@statuses IS NULL OR t.status IN (SELECT value FROM json_each(@statuses)))
       ORDER BY ${taskOrderOf[query.sort ?? 'index']} LIMIT @limit OFFSET @offset`,
    )
    .all({
      job,
      statuses: query.statuses ? JSON.stringify(query.statuses) : null,
      limit: query.limit ?? 200,
      offset: query.offset ?? 0,
    })
}

function taskRow(task: TaskWithWorker & { attempts: number }): TaskRow {
  return {
    ...taskSummary(task),
    activity: task.activity,
    ...(task.frames ? { frames: task.frames } : {}),
    ...optionalTime('last_output_at', task.last_output_at),
    attempts: task.attempts,
    waits_for: task.waits_for,
  }
}

function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`
}
