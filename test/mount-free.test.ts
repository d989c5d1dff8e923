import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkFrames, checkVideo } from '@shaman-farm/bin/demo-check'
import { type DemoProject, makeProject } from '@shaman-farm/bin/demo-project'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import sharp from 'sharp'
import { eventually, type Farm, needs, runFarm, startFarm } from './farm.ts'
import { openMachines } from './machines.ts'

const FRAMES = 3

test('three machines without the shared storage render the same pixels as one with it, and anybody can fetch them', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t, { host: '0.0.0.0' })
  const storage = join(farm.dir, 'storage')
  const project = await makeProject({ into: join(farm.dir, 'project') })
  const machines = await openMachines(t, 3, storage)
  // A machine finds out by itself that there is no storage.
  const workers = ['a', 'b', 'c'].map((name, i) =>
    farm.startWorker(name, machines ? [] : ['--storage', 'pull'], machines?.[i]),
  )
  const pulled = await rendered(farm, project, 'pulled')
  for (const worker of workers) await worker.stop()
  farm.startWorker('mounted')
  const mounted = await rendered(farm, project, 'mounted')
  const fetched = join(farm.dir, 'fetched')
  const got = await runFarm(['job', 'outputs', pulled.id, '--to', fetched, '--manager', farm.url])
  assert.equal(got.exitCode, 0, got.stdout + got.stderr)

  for (let frame = 1; frame <= FRAMES; frame++) {
    const wanted = await pixels(mounted.directory, frame)
    for (const directory of [pulled.directory, fetched]) {
      assert.ok((await pixels(directory, frame)).equals(wanted), `frame ${frame} in ${directory}`)
    }
  }
  if (machines) {
    assert.match(await logsOf(farm, pulled.id), /Saved: '[^']*\/outputs\//)
  }
  const left = (await readdir(pulled.directory)).filter((name) => name.endsWith('.part'))
  assert.deepEqual(left, [])
})

test('a worker without the shared storage makes the video of frames that others wrote there', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t)
  const project = await makeProject({ into: join(farm.dir, 'project') })
  farm.startWorker('renderer', ['--task-types', 'blender'])
  farm.startWorker('video', ['--task-types', 'ffmpeg', '--storage', 'pull'])
  await rendered(farm, project, 'shared work')
})

test('a task that makes no files runs without the shared storage too', async (t) => {
  const farm = await startFarm(t)
  const blend = join(farm.dir, 'any.txt')
  await writeFile(blend, 'any')
  const store = createShamanClient({ url: farm.url })
  t.after(() => store.close())
  const files = [{ path: 'any.txt', digest: await digestOfFile(blend), source: { file: blend } }]
  const { checkoutPath } = await store.submit({ files, checkoutPath: 'any' })
  farm.startWorker('far', ['--storage', 'pull'])
  const { id } = await farm.api.submitJob({
    body: {
      ...{ name: 'echo', type: 'echo-sleep-test', priority: 50, submitter_platform: 'linux' },
      settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
      storage: { shaman_checkout_id: checkoutPath },
    },
  })
  await eventually('the job to end', async () => {
    const { status } = await farm.api.fetchJob({ params: { job_id: id } })
    assert.notEqual(status, 'failed', await troubles(farm, id))
    return status === 'completed'
  })
})

async function rendered(
  farm: Farm,
  project: DemoProject,
  name: string,
): Promise<{ id: string; directory: string }> {
  const sent = await runFarm([
    ...['submit', project.blend, '--manager', farm.url, '--name', name],
    ...['--frames', `1-${FRAMES}`, '--missing', 'fail', '--json'],
  ])
  assert.equal(sent.exitCode, 0, sent.stdout)
  const { job } = JSON.parse(sent.stdout.split('\n').at(-1) ?? '') as { job: { id: string } }
  const directory = await eventually(`"${name}" to end`, async () => {
    const { status, activity, settings } = await farm.api.fetchJob({ params: { job_id: job.id } })
    assert.ok(
      status !== 'failed' && status !== 'canceled',
      `the job is ${status}: ${activity}\n${await troubles(farm, job.id)}`,
    )
    return status === 'completed' && String(settings?.render_output_path).replace(/\/#+$/, '')
  })
  await checkFrames(directory, FRAMES)
  await checkVideo(directory, FRAMES)
  return { id: job.id, directory }
}

async function troubles(farm: Farm, jobId: string): Promise<string> {
  return logsOf(farm, jobId, ['failed', 'soft-failed'])
}

async function logsOf(farm: Farm, jobId: string, statuses = ['completed']): Promise<string> {
  const { tasks = [] } = await farm.api.fetchJobTasks({ params: { job_id: jobId } })
  const logs = tasks
    .filter(({ status }) => statuses.includes(status))
    .map(({ id }) => farm.api.fetchTaskLogTail({ params: { task_id: id } }))
  return (await Promise.all(logs)).join('\n')
}

async function pixels(directory: string, frame: number): Promise<Buffer> {
  const file = await readFile(join(directory, `${String(frame).padStart(6, '0')}.png`))
  return sharp(file).raw().toBuffer()
}
