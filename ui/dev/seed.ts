// Fills a manager through its public API with workers and jobs in every state, for looking at the
// dashboard without a farm. `farm dev seed --manager URL`
import { createManagerClient, type Job, type ManagerClient } from '@shaman-farm/manager-api'
import { demoJobs, type SeedJob } from './seed-jobs.ts'
import { begin, complete, fail, framesOf, type SeedWorker, signOn } from './seed-worker.ts'
import { storeProject } from './store.ts'

export interface Seeded {
  jobs: Job[]
  workers: SeedWorker[]
}

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
