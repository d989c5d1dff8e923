// Fills a manager through its public API with workers and jobs in every state, for looking at the
// dashboard without a farm. `farm dev seed --manager URL`
import {
  type AssignedTask,
  createManagerClient,
  type DoctorReport,
  type Job,
  type ManagerClient,
} from '@shaman-farm/manager-api'
import { drawFrame } from './picture.ts'
import { storeProject } from './store.ts'

export interface SeedJob {
  name: string
  frames: string
  chunk?: number
  priority?: number
  user?: string
  /** How many tasks are finished; the rest stays queued. */
  finish: number
  /** Frames whose tasks fail on whoever tries them. */
  failing?: readonly number[]
  /** Tasks left running at the end. */
  running?: number
  status?: 'paused' | 'canceled'
  pictures?: boolean
  /** Stores a made-up project: textures shared with its neighbours and some kB of its own. */
  project?: { folder: string; shared: number; ownKb: number }
}

export interface SeedWorker {
  uuid: string
  name: string
  client: ManagerClient
}

export interface Seeded {
  jobs: Job[]
  workers: SeedWorker[]
}

export const demoJobs: readonly SeedJob[] = [
  {
    name: 'titles_v4',
    project: { folder: 'titles', shared: 0, ownKb: 300 },
    frames: '1-40',
    finish: 41,
    user: 'joel',
  },
  {
    name: 'sh010_comp_v002',
    project: { folder: 'spring', shared: 3, ownKb: 420 },
    frames: '101-148',
    finish: 49,
    user: 'mara',
    pictures: true,
  },
  {
    name: 'turntable_hero',
    project: { folder: 'assets', shared: 6, ownKb: 900 },
    frames: '1-72',
    finish: 20,
    status: 'paused',
    user: 'joel',
    pictures: true,
  },
  {
    name: 'sh050_anim_v001',
    project: { folder: 'spring', shared: 6, ownKb: 60 },
    frames: '1-60',
    finish: 6,
    status: 'canceled',
    user: 'kim',
  },
  {
    name: 'sh040_fx_v021',
    project: { folder: 'spring', shared: 4, ownKb: 1500 },
    frames: '1-20',
    finish: 20,
    failing: [4, 9],
    user: 'kim',
    pictures: true,
  },
  {
    name: 'sh020_anim_v014',
    project: { folder: 'spring', shared: 8, ownKb: 500 },
    frames: '1001-1240',
    finish: 150,
    failing: [1054, 1110],
    running: 6,
    priority: 60,
    user: 'mara',
    pictures: true,
  },
  {
    name: 'sh030_light_v003',
    project: { folder: 'spring', shared: 8, ownKb: 200 },
    frames: '1-250',
    chunk: 5,
    finish: 0,
    priority: 40,
    user: 'joel',
  },
]

export interface SeedPlan {
  jobs?: readonly SeedJob[]
  workers?: number
}

export async function seedFarm(url: string, options: SeedPlan = {}): Promise<Seeded> {
  const client = createManagerClient({ url })
  const workers: SeedWorker[] = []
  for (let index = 1; index <= (options.workers ?? 8); index += 1) {
    workers.push(await signOn(url, client, `node-${String(index).padStart(2, '0')}`))
  }
  const jobs: Job[] = []
  for (const [index, plan] of (options.jobs ?? demoJobs).entries()) {
    // One at a time: work goes to the job that is being filled.
    const checkout = plan.project ? await storeProject(url, plan.name, plan.project) : undefined
    const job = await submit(client, plan, checkout)
    await workOn(client, job, plan, workers, index * 47)
    jobs.push(job)
  }
  return { jobs, workers }
}

/** Lets the manager hear of the workers, or it takes them for gone after a minute. Ends with what it returns. */
export function keepAwake(workers: readonly SeedWorker[]): () => void {
  const timer = setInterval(() => {
    for (const { client } of workers) void client.workerState().catch(() => {})
  }, 10_000)
  timer.unref()
  return () => clearInterval(timer)
}

async function signOn(url: string, client: ManagerClient, name: string): Promise<SeedWorker> {
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

async function submit(
  client: ManagerClient,
  plan: SeedJob,
  checkout: string | undefined,
): Promise<Job> {
  return client.submitJob({
    body: {
      name: plan.name,
      type: 'simple-blender-render',
      priority: plan.priority ?? 50,
      submitter_platform: 'linux',
      settings: {
        frames: plan.frames,
        chunk_size: plan.chunk ?? 1,
        render_output_root: '/render',
        add_path_components: 0,
        render_output_path: `/render/${plan.name}/######`,
        blendfile: `/projects/${plan.name}.blend`,
        fps: 24,
        format: 'PNG',
        image_file_extension: '.png',
        has_previews: false,
        scene: 'Scene',
      },
      ...(checkout ? { storage: { shaman_checkout_id: checkout } } : {}),
      metadata: { 'user.name': plan.user ?? 'mara', project: 'spring' },
    },
  })
}

async function workOn(
  client: ManagerClient,
  job: Job,
  plan: SeedJob,
  workers: readonly SeedWorker[],
  hue: number,
): Promise<void> {
  let finished = 0
  for (let turn = 0; finished < plan.finish; turn += 1) {
    const worker = workers[turn % workers.length]!
    const task = await worker.client.scheduleTask()
    if (!task || !('uuid' in task) || task.job !== job.id) break
    const frames = framesOf(task)
    if (frames.some((frame) => plan.failing?.includes(frame))) await fail(worker, task, frames)
    else {
      await complete(worker, task, frames, plan.pictures === true && turn % 4 === 0, hue)
      finished += 1
    }
  }
  for (let index = 0; index < (plan.running ?? 0); index += 1) await begin(workers[index]!)
  if (plan.status) {
    const status = plan.status === 'paused' ? 'pause-requested' : 'cancel-requested'
    await client.setJobStatus({
      params: { job_id: job.id },
      body: { status, reason: 'Seeded so' },
    })
  }
}

async function begin(worker: SeedWorker): Promise<void> {
  const task = await worker.client.scheduleTask()
  if (!task || !('uuid' in task)) return
  await worker.client.taskUpdate({
    params: { task_id: task.uuid },
    body: { taskStatus: 'active', activity: 'Rendering', log: logOf(task, framesOf(task)) },
  })
}

async function complete(
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

async function fail(
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

function framesOf(task: AssignedTask): number[] {
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
