import { setTimeout as sleep } from 'node:timers/promises'
import { apiBase, type ManagerClient, type TaskRow } from '@shaman-farm/manager-api'
import { UserError } from '@shaman-farm/terminal'

const pollMs = 1_000

export async function printLog(
  client: ManagerClient,
  job: string,
  wanted: string | undefined,
): Promise<void> {
  const task = await findTask(client, job, wanted)
  await copy(client, task.id, 0)
}

/** Prints what is there and what comes, until the task is neither active nor to be run. */
export async function followLog(
  client: ManagerClient,
  job: string,
  wanted: string | undefined,
): Promise<void> {
  const { id } = await findTask(client, job, wanted)
  for (let offset = 0; ; await sleep(pollMs)) {
    const { status } = await client.fetchTask({ params: { task_id: id } })
    offset = await copy(client, id, offset)
    if (!['active', 'queued', 'soft-failed'].includes(status)) return
  }
}

async function copy(client: ManagerClient, task: string, from: number): Promise<number> {
  for (let offset = from; ; ) {
    const response = await fetch(
      `${client.url}${apiBase}/farm/tasks/${task}/log?offset=${offset}`,
      {
        headers: client.authorization ? { authorization: client.authorization } : {},
        signal: AbortSignal.timeout(30_000),
      },
    )
    const bytes = new Uint8Array(await response.arrayBuffer())
    process.stdout.write(bytes)
    offset += bytes.length
    if (bytes.length === 0 || offset >= Number(response.headers.get('x-farm-log-size'))) {
      return offset
    }
  }
}

async function findTask(
  client: ManagerClient,
  job: string,
  wanted: string | undefined,
): Promise<{ id: string }> {
  if (wanted === undefined) {
    const { attempts } = await client.farmJobAttempts({
      params: { job_id: job },
      query: { limit: 1 },
    })
    if (attempts[0]) return { id: attempts[0].task_id }
    throw new UserError('No task of this job has run yet', { code: 'NO_LOG' })
  }
  for (let offset = 0; ; offset += 1000) {
    const { tasks, total } = await client.farmJobTasks({
      params: { job_id: job },
      query: { offset, limit: 1000 },
    })
    const found = tasks.find((task: TaskRow) => task.name === wanted || task.id === wanted)
    if (found) return found
    if (offset + 1000 >= total) {
      throw new UserError(`The job has no task "${wanted}"`, { code: 'TASK_UNKNOWN' })
    }
  }
}
