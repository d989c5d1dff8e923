import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { dayMs, type Trouble } from './trouble.ts'

interface FailureRow {
  reason: string | null
  excerpt: string | null
  ended_at: number
  task: string
  task_name: string
  task_type: string
  job: string
  job_name: string
  worker: string | null
  worker_name: string | null
}

/** The last day's failures of jobs that still are there, grouped by what the program said. */
export function failures(farm: Farm): Trouble[] {
  const rows = farm.db
    .prepare<[number], FailureRow>(
      `SELECT a.reason, a.excerpt, a.ended_at, t.uuid AS task, t.name AS task_name,
         t.type AS task_type, j.uuid AS job, j.name AS job_name, w.uuid AS worker, w.name AS worker_name
       FROM attempts a JOIN tasks t ON t.id = a.task_id JOIN jobs j ON j.id = a.job_id
       LEFT JOIN workers w ON w.id = a.worker_id
       WHERE a.outcome IN ('failed', 'timed-out') AND a.ended_at >= ?
         AND t.status IN ('failed', 'soft-failed', 'canceled')
       ORDER BY a.ended_at DESC LIMIT 2000`,
    )
    .all(farm.now() - dayMs)
  return [...Map.groupBy(rows, (row) => signatureOf(row))].map(([signature, group]) => {
    const [latest] = group as [FailureRow, ...FailureRow[]]
    const jobs = distinct(group, (row) => ({ id: row.job, name: row.job_name }))
    return {
      key: `failures ${signature} ${jobs.map(({ id }) => id).join()}`,
      kind: 'failures',
      severity: 'error',
      title: titleOf(latest.reason, group.length),
      detail: latest.excerpt ?? '',
      ...hintFor(latest.reason),
      count: group.length,
      since: dateTime(Math.min(...group.map(({ ended_at }) => ended_at))),
      jobs,
      tasks: distinct(group, (row) => ({
        id: row.task,
        job_id: row.job,
        name: row.task_name,
        type: row.task_type,
      })),
      workers: distinct(group, ({ worker, worker_name }) =>
        worker && worker_name ? { id: worker, name: worker_name } : undefined,
      ),
    }
  })
}

/** Numbers and paths differ from frame to frame, and from worker to worker, where the fault is one. */
function signatureOf({ reason, excerpt }: FailureRow): string {
  const first = (excerpt ?? '').split('\n').find((line) => line.trim() !== '') ?? ''
  return `${reason ?? 'other'} ${first
    .replace(/\S*[\\/]\S*/g, '…')
    .replace(/\d+/g, '#')
    .slice(0, 200)}`
}

const reasonNames: Readonly<Record<string, string>> = {
  'missing-file': 'a file is missing',
  'out-of-memory': 'out of memory',
  gpu: 'the GPU failed',
  'python-error': 'a Python error',
  crash: 'the program crashed',
  timeout: 'the worker went silent',
  output: 'the output is not there',
}

function titleOf(reason: string | null, count: number): string {
  const what = reasonNames[reason ?? ''] ?? 'the command failed'
  return `${count} ${count === 1 ? 'run' : 'runs'} failed: ${what}`
}

function hintFor(reason: string | null): { hint?: string } {
  if (reason === 'missing-file') return { hint: 'Submit again with the file in the project.' }
  if (reason === 'out-of-memory') return { hint: 'Use workers with more memory, by a tag.' }
  return {}
}

function distinct<Row, T extends { id: string }>(
  rows: readonly Row[],
  pick: (row: Row) => T | undefined,
): T[] {
  const found = rows.flatMap((row) => pick(row) ?? [])
  return [...new Map(found.map((item) => [item.id, item])).values()].slice(0, 20)
}
