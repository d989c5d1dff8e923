import { createHash } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import type { AttentionItem } from '@shaman-farm/manager-api'
import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'

type Item = Omit<AttentionItem, 'acknowledged' | 'id'> & { key: string }

const dayMs = 24 * 3_600_000
const lowStorageShare = 0.05
const lowStorageBytes = 20e9

/** What somebody should look at: one item per cause, however many things it has hit. */
export async function attentionItems(farm: Farm): Promise<AttentionItem[]> {
  const items = [
    ...failures(farm),
    ...stuckTasks(farm),
    ...lostWorkers(farm),
    ...jobsWithoutWorkers(farm),
    ...(await lowStorage(farm)),
  ]
  const seen = farm.db.prepare<[string], { item_id: string }>(
    'SELECT item_id FROM attention_acknowledgements WHERE item_id = ?',
  )
  return items.map(({ key, ...item }) => {
    const id = createHash('sha256').update(key).digest('hex').slice(0, 16)
    return { id, ...item, acknowledged: seen.get(id) !== undefined }
  })
}

export function acknowledge(farm: Farm, id: string): void {
  farm.transaction(() => {
    farm.db
      .prepare('INSERT OR IGNORE INTO attention_acknowledgements VALUES (?, ?)')
      .run(id, farm.now())
    farm.db
      .prepare('DELETE FROM attention_acknowledgements WHERE created_at < ?')
      .run(farm.now() - 90 * dayMs)
  })
}

interface FailureRow {
  reason: string | null
  excerpt: string | null
  ended_at: number
  task: string
  task_name: string
  job: string
  job_name: string
  worker: string | null
  worker_name: string | null
}

/** The last day's failures of jobs that still are there, grouped by what the program said. */
function failures(farm: Farm): Item[] {
  const rows = farm.db
    .prepare<[number], FailureRow>(
      `SELECT a.reason, a.excerpt, a.ended_at, t.uuid AS task, t.name AS task_name, j.uuid AS job,
         j.name AS job_name, w.uuid AS worker, w.name AS worker_name
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
      tasks: distinct(group, (row) => ({ id: row.task, job_id: row.job, name: row.task_name })),
      workers: distinct(group, ({ worker, worker_name }) =>
        worker && worker_name ? { id: worker, name: worker_name } : undefined,
      ),
    }
  })
}

/** Numbers and paths differ from frame to frame where the fault is one. */
function signatureOf({ reason, excerpt }: FailureRow): string {
  const first = (excerpt ?? '').split('\n').find((line) => line.trim() !== '') ?? ''
  return `${reason ?? 'other'} ${first.replace(/\d+/g, '#').slice(0, 200)}`
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

function stuckTasks(farm: Farm): Item[] {
  const { stuckAfterMs } = farm.config.current
  if (stuckAfterMs <= 0) return []
  const rows = farm.db
    .prepare<
      [number],
      {
        uuid: string
        name: string
        last_output_at: number
        job: string
        job_name: string
        worker: string
        worker_name: string
      }
    >(
      `SELECT t.uuid, t.name, t.last_output_at, j.uuid AS job, j.name AS job_name, w.uuid AS worker,
         w.name AS worker_name
       FROM tasks t JOIN jobs j ON j.id = t.job_id JOIN workers w ON w.id = t.worker_id
       WHERE t.worker_id IS NOT NULL AND t.status = 'active' AND t.last_output_at <= ?`,
    )
    .all(farm.now() - stuckAfterMs)
  return rows.map((row) => ({
    key: `stuck ${row.uuid} ${row.last_output_at}`,
    kind: 'stuck-task',
    severity: 'warning',
    title: `${row.name} has been silent for ${minutes(farm.now() - row.last_output_at)}`,
    detail: `Worker ${row.worker_name} is alive, but its program says nothing.`,
    hint: 'Look at the log; requeue the task if the program hangs.',
    count: 1,
    since: dateTime(row.last_output_at),
    jobs: [{ id: row.job, name: row.job_name }],
    tasks: [{ id: row.uuid, job_id: row.job, name: row.name }],
    workers: [{ id: row.worker, name: row.worker_name }],
  }))
}

function lostWorkers(farm: Farm): Item[] {
  return farm.workers
    .all()
    .filter(({ status }) => status === 'error')
    .map((worker) => {
      const isLost = worker.status_before_error !== null
      return {
        key: `worker ${worker.uuid} ${worker.updated_at}`,
        kind: isLost ? 'worker-gone' : 'worker-error',
        severity: 'warning',
        title: isLost ? `Worker ${worker.name} is gone` : `Worker ${worker.name} reports an error`,
        detail: isLost ? 'It stopped answering without signing off.' : '',
        hint: 'When it is back it goes on by itself; remove it if it will not come back.',
        count: 1,
        since: dateTime(worker.last_seen_at ?? worker.updated_at),
        jobs: [],
        tasks: [],
        workers: [{ id: worker.uuid, name: worker.name }],
      }
    })
}

/** Task types that are ready in some job while nobody awake or asleep could ever run them. */
function jobsWithoutWorkers(farm: Farm): Item[] {
  const jobs = farm.db
    .prepare<
      [],
      { id: number; uuid: string; name: string; updated_at: number; tag: number | null }
    >(
      `SELECT id, uuid, name, updated_at, worker_tag_id AS tag FROM jobs
        WHERE status IN ('queued', 'active') AND delete_requested_at IS NULL AND n_active = 0
        ORDER BY id LIMIT 200`,
    )
    .all()
  const types = farm.db.prepare<[number], { type: string }>(
    `SELECT DISTINCT type FROM tasks WHERE job_id = ? AND waits_for = 0 AND status IN ('queued', 'soft-failed')`,
  )
  return jobs.flatMap((job): Item[] => {
    const missing = types
      .all(job.id)
      .map(({ type }) => type)
      .filter((type) => !isRunnable(farm, job.id, type, job.tag))
    if (missing.length === 0) return []
    return [
      {
        key: `no-eligible-worker ${job.uuid} ${missing.join()}`,
        kind: 'no-eligible-worker',
        severity: 'warning',
        title: `No worker can run ${job.name}`,
        detail: `Its next tasks are of type ${missing.join(', ')}.`,
        hint: "The job's page tells why each worker cannot.",
        count: 1,
        since: dateTime(job.updated_at),
        jobs: [{ id: job.uuid, name: job.name }],
        tasks: [],
        workers: [],
      },
    ]
  })
}

function isRunnable(farm: Farm, job: number, type: string, tag: number | null): boolean {
  return farm.workers.countCapable({ job, type, tag, except: 0, task: null }) > 0
}

async function lowStorage(farm: Farm): Promise<Item[]> {
  const { storage } = farm.config.current
  const facts = await statfs(storage).catch(() => undefined)
  if (!facts) return []
  const free = facts.bavail * facts.bsize
  const isLow = free < lowStorageBytes && facts.bavail < facts.blocks * lowStorageShare
  if (!isLow) return []
  return [
    {
      key: `storage-low ${Math.floor(free / 5e9)}`,
      kind: 'storage-low',
      severity: 'error',
      title: 'The storage is nearly full',
      detail: `${(free / 1e9).toFixed(1)} GB are free on ${storage}.`,
      hint: 'Delete old jobs, or collect unused blobs on the storage page.',
      count: 1,
      since: dateTime(farm.now()),
      jobs: [],
      tasks: [],
      workers: [],
    },
  ]
}

function distinct<Row, T extends { id: string }>(
  rows: readonly Row[],
  pick: (row: Row) => T | undefined,
): T[] {
  const found = rows.flatMap((row) => pick(row) ?? [])
  return [...new Map(found.map((item) => [item.id, item])).values()].slice(0, 20)
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`
}
