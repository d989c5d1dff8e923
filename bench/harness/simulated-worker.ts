import { setTimeout as sleep } from 'node:timers/promises'
import { apiBase } from '@shaman-farm/manager-api'
import { Pool } from 'undici'

/** A worker that speaks the API and computes nothing. */
export interface SimulatedWorker {
  pool: Pool
  authorization: string
}

/** Registers one that takes tasks of the type `misc`, signs it on, and wakes it. */
export async function register(
  url: string,
  name: string,
  pool = new Pool(url),
): Promise<SimulatedWorker> {
  const types = ['misc']
  const secret = name
  const registration = { name, secret, platform: 'linux', supported_task_types: types }
  const { uuid } = await registered(pool, registration)
  const worker = {
    pool,
    authorization: `Basic ${Buffer.from(`${uuid}:${secret}`).toString('base64')}`,
  }
  const signOn = { name, supported_task_types: types, software_version: 'bench' }
  await post(worker, '/worker/sign-on', signOn)
  await sayAwake(worker)
  return worker
}

/** Tells the manager nothing new; after a while of silence it proves the worker's secret anew, which is slow on purpose. */
export async function sayAwake(worker: SimulatedWorker): Promise<void> {
  await post(worker, '/worker/state-changed', { status: 'awake' })
}

// A manager takes so many registrations a minute from one address, and all of these come from one.
async function registered(pool: Pool, registration: object): Promise<{ uuid: string }> {
  for (;;) {
    const { status, body } = await post(
      { pool, authorization: '' },
      '/worker/register-worker',
      registration,
    )
    if (status === 200) return body as { uuid: string }
    if (status !== 429) throw new Error(`a registration was answered ${status}`)
    await sleep(1_000)
  }
}

/** The task assigned, if there was one. */
export async function askForTask(worker: SimulatedWorker): Promise<string | undefined> {
  const { status, body } = await post(worker, '/worker/task', undefined)
  if (status !== 200 && status !== 204) throw new Error(`asking for a task was answered ${status}`)
  return status === 200 ? (body as { uuid: string }).uuid : undefined
}

export async function complete(worker: SimulatedWorker, task: string): Promise<void> {
  const { status } = await post(worker, `/worker/task/${task}`, { taskStatus: 'completed' })
  if (status !== 204) throw new Error(`a report was answered ${status}`)
}

async function post(
  { pool, authorization }: SimulatedWorker,
  path: string,
  body: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await pool.request({
    method: 'POST',
    path: `${apiBase}${path}`,
    headers: {
      ...(authorization ? { authorization } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.body.text()
  return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) }
}
