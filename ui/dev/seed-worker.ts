import {
  type AssignedTask,
  createManagerClient,
  type DoctorReport,
  type ManagerClient,
} from '@shaman-farm/manager-api'
import { drawFrame } from './picture.ts'

/** Takes tasks and reports on them as a worker does, without rendering anything. */
export interface SeedWorker {
  uuid: string
  name: string
  client: ManagerClient
}

/** Registers a worker, lets it sign on and report what its doctor would. */
export async function signOn(
  url: string,
  client: ManagerClient,
  name: string,
): Promise<SeedWorker> {
  const secret = `secret of ${name}`
  const types = ['blender', 'ffmpeg', 'file-management', 'misc']
  const { uuid } = await client.registerWorker({
    body: { secret, platform: 'linux', supported_task_types: types, name },
  })
  const own = createManagerClient({ url, worker: { uuid, secret } })
  await own.signOn({
    body: { name, supported_task_types: types, software_version: '0.1.0', can_restart: true },
  })
  await own.workerStateChanged({ body: { status: 'awake' } })
  await own.farmReportDoctor({ body: doctorReport(name) })
  return { uuid, name, client: own }
}

/** What a worker on such a machine would find; the second one is short of disk. */
function doctorReport(name: string): DoctorReport {
  const isFull = name.endsWith('02')
  return {
    at: new Date().toISOString(),
    version: '0.1.0',
    platform: 'linux',
    checks: [
      { id: 'blender', title: 'Blender', status: 'ok', value: '4.5.3 LTS' },
      { id: 'ffmpeg', title: 'FFmpeg', status: 'ok', value: '7.1' },
      { id: 'gpu', title: 'Cycles devices', status: 'ok', value: 'OptiX: RTX 4080' },
      { id: 'storage', title: 'Shared storage', status: 'ok', value: 'readable and writable' },
      { id: 'clock', title: 'Clock', status: 'ok', value: '12 ms from the manager’s' },
      isFull
        ? {
            id: 'disk',
            title: 'Disk of the cache',
            status: 'warn',
            value: '3.1 GB free',
            detail: 'A job’s files may not fit.',
            hint: 'Free some space there.',
          }
        : { id: 'disk', title: 'Disk of the cache', status: 'ok', value: '412 GB free' },
    ],
  }
}

export async function begin(worker: SeedWorker): Promise<void> {
  const task = await worker.client.scheduleTask()
  if (!task || !('uuid' in task)) return
  await worker.client.taskUpdate({
    params: { task_id: task.uuid },
    body: { taskStatus: 'active', activity: 'Rendering', log: logOf(task, framesOf(task)) },
  })
}

export async function complete(
  worker: SeedWorker,
  task: AssignedTask,
  frames: readonly number[],
  withPicture: boolean,
  hue: number,
): Promise<void> {
  const params = { task_id: task.uuid }
  if (withPicture && frames[0] !== undefined) {
    await showFrame(worker, task, frames[0], hue)
  }
  await worker.client.taskUpdate({
    params,
    body: {
      taskStatus: 'completed',
      steps_completed: task.steps_total,
      log: logOf(task, frames),
      frames: frames.map((frame) => ({
        frame,
        status: 'completed' as const,
        // Uneven but the same every time.
        duration_ms: 40_000 + ((frame * 7919) % 61_000) * (frame % 37 === 0 ? 5 : 1),
      })),
    },
  })
}

/** The manager makes thumbnails at its own pace and says when it has enough to do. */
async function showFrame(
  worker: SeedWorker,
  task: AssignedTask,
  frame: number,
  hue: number,
): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const answer = await worker.client.request('farmTaskOutput', {
      params: { task_id: task.uuid },
      query: { frame },
      body: drawFrame(frame, hue),
      contentType: 'image/png',
    })
    if (answer.status !== 429) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

export async function fail(
  worker: SeedWorker,
  task: AssignedTask,
  frames: readonly number[],
): Promise<void> {
  await worker.client.taskUpdate({
    params: { task_id: task.uuid },
    body: {
      taskStatus: 'failed',
      activity: 'Out of memory',
      log: `${logOf(task, frames)}Error: CUDA error: Out of memory in cuMemAlloc(&device_pointer, size)\n`,
      failure: {
        reason: 'out-of-memory',
        excerpt: 'CUDA error: Out of memory in cuMemAlloc(&device_pointer, size)',
      },
    },
  })
}

export function framesOf(task: AssignedTask): number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(task.frames ?? '')
  if (!match) return []
  const first = Number(match[1])
  const last = Number(match[2] ?? first)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function logOf(task: AssignedTask, frames: readonly number[]): string {
  const lines = frames.flatMap((frame) => [
    ...Array.from(
      { length: 12 },
      (_, step) =>
        `Fra:${frame} Mem:2214.11M (Peak 2304.02M) | Time:00:${String(step * 4).padStart(2, '0')}.12 | Rendering ${step * 6} / 64 samples`,
    ),
    'Warning: missing image "//tex/moss_n.exr"',
    `Saved: '/render/${frame}.png'`,
  ])
  return `${[`Task ${task.name}`, ...lines].join('\n')}\n`
}
