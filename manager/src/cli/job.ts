import {
  canDoToJob,
  createManagerClient,
  type DeletionPreview,
  type JobRow,
  type JobStatus,
  type ManagerClient,
} from '@shaman-farm/manager-api'
import { createProgress, formatBytes, formatTable, UserError } from '@shaman-farm/terminal'
import { type Command, Option } from 'commander'
import { fetchOutputs } from '../outputs/fetch-outputs.ts'
import { findJob } from './find-job.ts'
import { followLog, printLog } from './job-log.ts'

interface Common {
  manager: string
  token?: string
  json?: boolean
}

export function registerJob(program: Command): void {
  const job = program.command('job').description('Look at jobs and steer them')
  const add = (usage: string, description: string): Command =>
    job
      .command(usage)
      .description(description)
      .option('--manager <url>', 'the manager', process.env.FARM_MANAGER ?? 'http://localhost:8080')
      .addOption(
        new Option('--token <token>', 'proves who you are, if the farm asks').env('FARM_TOKEN'),
      )
      .option('--json', 'print JSON lines')

  add('list', 'List jobs, the latest first')
    .option('--status <statuses>', 'only these, with commas between')
    .option('--limit <n>', 'at most so many', Number, 50)
    .action(list)
  add('show <job>', 'Show one job, by its id or the beginning of it').action(show)
  add('log <job>', 'Print the log of a task of a job (default: the latest one that ran)')
    .option('--task <name>', 'name or id of the task')
    .option('--follow', 'go on printing until the task ends')
    .action(async (id: string, flags: Common & { task?: string; follow?: boolean }) => {
      const client = clientOf(flags)
      const { id: jobId } = await findJob(client, id)
      await (flags.follow ? followLog : printLog)(client, jobId, flags.task)
    })
  add('cancel <job>', 'Cancel a job').action(order('cancel-requested', 'canceled'))
  add('pause <job>', 'Pause a job when the tasks that run are done').action(
    order('pause-requested', 'paused'),
  )
  add('requeue <job>', 'Do again what is not done, or all of a completed job').action(
    order('requeueing', 'requeued'),
  )
  add(
    'archive <job>',
    "Give up a finished job's input; its history and what it rendered stay, and it cannot be run again",
  )
    .option('--dry-run', 'tell what that would free, and change nothing')
    .action(
      farewell('archive', 'archived', (client, job_id) =>
        client.farmArchiveJob({ params: { job_id } }),
      ),
    )
  add('delete <job>', 'Delete a job with its logs and its input; rendered output stays')
    .option('--dry-run', 'tell what that would free, and change nothing')
    .action(
      farewell('delete', 'deleted', (client, job_id) => client.deleteJob({ params: { job_id } })),
    )
  add('outputs <job>', 'List the files a job has made, or fetch them')
    .option('--to <folder>', 'fetch them into this folder; begun again, it goes on where it was')
    .action(outputs)
}

function clientOf({ manager, token }: Common): ManagerClient {
  return createManagerClient({ url: manager, ...(token ? { token } : {}) })
}

async function list(flags: Common & { status?: string; limit: number }): Promise<void> {
  const client = clientOf(flags)
  const { jobs, total } = await client.farmJobs({
    query: { limit: flags.limit, ...(flags.status ? { status: flags.status } : {}) },
  })
  if (flags.json) return printJson(jobs)
  if (jobs.length === 0) return print('No jobs. Submit one with: farm submit FILE.blend')
  print(formatTable(columns, jobs.map(rowOf)))
  if (total > jobs.length) print(`${jobs.length} of ${total} jobs; more with --limit N`)
}

const columns = [
  { title: 'id' },
  { title: 'status' },
  { title: 'done', align: 'right' },
  { title: 'priority', align: 'right' },
  { title: 'name' },
] as const

function rowOf(job: JobRow): string[] {
  const percent = job.steps_total === 0 ? 0 : (100 * job.steps_completed) / job.steps_total
  return [
    job.id.slice(0, 8),
    job.status,
    `${Math.floor(percent)} %`,
    String(job.priority),
    job.name,
  ]
}

async function show(id: string, flags: Common): Promise<void> {
  const client = clientOf(flags)
  const job = await client.farmJob({ params: { job_id: (await findJob(client, id)).id } })
  if (flags.json) return printJson([job])
  const counts = Object.entries(job.task_counts).filter(([, count]) => count > 0)
  const facts: [string, string][] = [
    ['id', job.id],
    ['name', job.name],
    ['type', job.type],
    ['status', job.status],
    ['activity', job.activity],
    ['priority', String(job.priority)],
    ['steps', `${job.steps_completed} of ${job.steps_total}`],
    ['tasks', counts.map(([status, count]) => `${count} ${status}`).join(', ')],
    ['created', job.created],
    ['updated', job.updated],
    ['archived', job.archived ?? ''],
    ['output', job.outputs.pattern ?? ''],
    ['checkout', job.storage?.shaman_checkout_id ?? ''],
  ]
  print(facts.flatMap(([name, value]) => (value ? [`${name.padEnd(9)} ${value}`] : [])).join('\n'))
}

function order(status: JobStatus, done: string) {
  return async (id: string, flags: Common): Promise<void> => {
    const client = clientOf(flags)
    const job = await findJob(client, id)
    await client.setJobStatus({
      params: { job_id: job.id },
      body: { status, reason: 'asked for on the command line' },
    })
    report(flags, job, done)
  }
}

/** What gives up a job's input, told with what that frees. */
function farewell(
  verb: 'archive' | 'delete',
  done: string,
  act: (client: ManagerClient, jobId: string) => Promise<unknown>,
) {
  return async (id: string, flags: Common & { dryRun?: boolean }): Promise<void> => {
    const client = clientOf(flags)
    const { id: jobId, name, status, archived } = await findJob(client, id)
    if (verb === 'archive' && archived !== undefined) {
      if (flags.json) return printJson([{ id: jobId, name, event: 'already-archived', archived }])
      return print(`Job "${name}" was archived already, on ${archived}; nothing to do`)
    }
    if (flags.dryRun && !canDoToJob(verb, status)) {
      throw new UserError(`A job that is ${status} cannot be ${done}`, {
        code: 'STATUS_NOT_ALLOWED',
        hint: 'Cancel it first.',
      })
    }
    const { jobs: _, ...effect } = await client.farmDeletionPreview({ query: { ids: jobId } })
    if (!flags.dryRun) await act(client, jobId)
    const event = flags.dryRun ? `would-be-${done}` : done
    if (flags.json) return printJson([{ id: jobId, name, event, ...effect }])
    print(`Job "${name}" ${flags.dryRun ? `would be ${done}` : done}${freed(effect)}`)
  }
}

function freed({ checkouts, frees_bytes, keeps_shared_bytes }: Omit<DeletionPreview, 'jobs'>) {
  if (checkouts === 0) return '; no checkout goes with it'
  const shared =
    keeps_shared_bytes > 0
      ? `; ${formatBytes(keeps_shared_bytes)} stay, as others use them too`
      : ''
  return `, which frees ${formatBytes(frees_bytes)} at the next garbage collection${shared}`
}

async function outputs(id: string, flags: Common & { to?: string }): Promise<void> {
  const client: ManagerClient = clientOf(flags)
  const job = await findJob(client, id)
  if (flags.to !== undefined) return fetchTo(client, job.id, flags.to, flags)
  const found = await client.farmJobOutputs({ params: { job_id: job.id } })
  if (flags.json) return printJson([found])
  if (found.files.length === 0 && found.pattern)
    print(`Nothing yet; output goes to ${found.pattern}`)
  for (const { path } of found.files) print(path)
  if (found.video) print(found.video)
}

async function fetchTo(
  client: ManagerClient,
  jobId: string,
  to: string,
  { json, token }: Common,
): Promise<void> {
  const progress = createProgress('Fetching', { unit: 'bytes' })
  const fetched = await fetchOutputs({
    client,
    jobId,
    to,
    token,
    onProgress: progress.update,
  }).finally(progress.stop)
  if (json) return printJson([{ event: 'fetched', to, ...fetched }])
  const { files, bytes, kept, gone } = fetched
  const known = kept > 0 ? `, ${kept} were there already` : ''
  print(`${files} files (${formatBytes(bytes)}) fetched into ${to}${known}`)
  if (gone.length > 0) print(`No longer to be had: ${gone.join(', ')}`)
}

function report(flags: Common, job: { id: string; name: string }, done: string): void {
  if (flags.json) printJson([{ id: job.id, name: job.name, event: done }])
  else print(`Job "${job.name}" ${done}`)
}

function printJson(items: readonly unknown[]): void {
  for (const item of items) print(JSON.stringify(item))
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
