import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkFrames, checkVideo } from '@shaman-farm/bin/demo-check'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { eventually, type Farm, needs, runFarm, startFarm } from './farm.ts'

const FRAMES = 6

test('a job whose worker is killed in mid-frame finishes with every frame once the worker is back', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t)
  const job = await submitDemo(t, farm)
  const worker = farm.startWorker('worker-1')
  await eventually('the first frame', () => someFrame(farm, job.id))
  worker.kill('SIGKILL')
  await worker.exited

  farm.startWorker('worker-1')
  await finished(farm, job.id)
  await checkFrames(await outputOf(farm, job.id), FRAMES)
  await checkVideo(await outputOf(farm, job.id), FRAMES)
})

test('a manager killed in mid-job loses no task, log line or blob', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t)
  const job = await submitDemo(t, farm)
  farm.startWorker('worker-1')
  await eventually('the first frame', () => someFrame(farm, job.id))
  const before = await snapshot(farm, job.id)
  farm.manager.kill('SIGKILL')
  await farm.manager.exited

  await farm.restartManager()
  const after = await snapshot(farm, job.id)
  assert.deepEqual(after.taskIds, before.taskIds)
  for (const [task, log] of before.logs) {
    assert.ok(after.logs.get(task)?.startsWith(log), `the log of task ${task} lost what it had`)
  }
  for (const blob of before.blobs) assert.ok(after.blobs.includes(blob), `blob ${blob} is gone`)
  await finished(farm, job.id)
  await checkFrames(await outputOf(farm, job.id), FRAMES)
})

async function submitDemo(t: TestContext, farm: Farm): Promise<{ id: string }> {
  const project = await makeProject({ into: join(farm.dir, 'project') })
  const result = await runFarm([
    ...['submit', project.blend, '--manager', farm.url, '--name', t.name.slice(0, 40)],
    ...['--frames', `1-${FRAMES}`, '--missing', 'fail', '--json'],
  ])
  assert.equal(result.exitCode, 0, `${result.stdout}${result.stderr}`)
  const last = JSON.parse(result.stdout.split('\n').at(-1) ?? '') as { job: { id: string } }
  return last.job
}

async function outputOf(farm: Farm, jobId: string): Promise<string> {
  const job = await farm.api.fetchJob({ params: { job_id: jobId } })
  return String(job.settings?.render_output_path).replace(/\/#+$/, '')
}

async function someFrame(farm: Farm, jobId: string): Promise<boolean> {
  const names = await readdir(await outputOf(farm, jobId)).catch(() => [])
  return names.some((name) => name.endsWith('.png'))
}

async function finished(farm: Farm, jobId: string): Promise<void> {
  await eventually('the job to end', async () => {
    const { status, activity } = await farm.api.fetchJob({ params: { job_id: jobId } })
    assert.ok(status !== 'failed' && status !== 'canceled', `the job is ${status}: ${activity}`)
    return status === 'completed'
  })
}

async function snapshot(
  farm: Farm,
  jobId: string,
): Promise<{ taskIds: string[]; logs: Map<string, string>; blobs: string[] }> {
  const { tasks = [] } = await farm.api.fetchJobTasks({ params: { job_id: jobId } })
  const taskIds = tasks.map((task) => task.id)
  const stored = await readdir(join(farm.dir, 'storage', 'file-store', 'blobs'), {
    recursive: true,
  })
  return {
    taskIds,
    logs: await logsUnder(join(farm.dir, 'manager')),
    blobs: stored.filter((name) => name.endsWith('.blob')),
  }
}

async function logsUnder(dir: string): Promise<Map<string, string>> {
  const names = (await readdir(dir, { recursive: true })).filter((name) =>
    /task-.*\.txt$/.test(name),
  )
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')] as const),
    ),
  )
}
