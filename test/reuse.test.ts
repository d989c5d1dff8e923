import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkFrames } from '@shaman-farm/bin/demo-check'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { eventually, type Farm, needs, runFarm, startFarm } from './farm.ts'

interface Rendered {
  id: string
  directory: string
  /** The frames taken from an earlier job, with that job. */
  reused: Map<number, string>
  logs: string
}

test('a job that agrees takes the frames that an earlier one made from the same files, and says so; no other does', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t)
  const project = await makeProject({ into: join(farm.dir, 'project') })
  const mounted = farm.startWorker('mounted')
  const first = await rendered(farm, project.blend, { frames: 2, reuse: true })
  assert.equal(first.reused.size, 0)
  await mounted.stop()

  farm.startWorker('pulling', ['--storage', 'pull'])
  const longer = await rendered(farm, project.blend, { frames: 3, reuse: true })
  assert.deepEqual(
    [...longer.reused],
    [1, 2].map((frame) => [frame, first.id]),
  )
  assert.match(longer.logs, new RegExp(`frame 2 is taken from an earlier render: job ${first.id}`))
  for (const frame of [1, 2]) {
    const [a, b] = [first, longer].map(({ directory }) => readFile(fileOf(directory, frame)))
    assert.ok((await a!).equals(await b!), `frame ${frame}`)
  }

  const again = await rendered(farm, project.blend, { frames: 3, reuse: true })
  assert.deepEqual([...again.reused.keys()], [1, 2, 3])
  assert.doesNotMatch(again.logs, /--render-frame/, 'no Blender had to render')

  const apart = await rendered(farm, project.blend, { frames: 1, reuse: false })
  assert.equal(apart.reused.size, 0)
  assert.ok((await stat(fileOf(apart.directory, 1))).size > 0)
})

async function rendered(
  farm: Farm,
  blend: string,
  { frames, reuse }: { frames: number; reuse: boolean },
): Promise<Rendered> {
  const sent = await runFarm([
    ...['submit', blend, '--manager', farm.url, '--frames', `1-${frames}`, '--json'],
    ...(reuse ? ['--reuse'] : []),
  ])
  assert.equal(sent.exitCode, 0, sent.stdout)
  const { job } = JSON.parse(sent.stdout.split('\n').at(-1) ?? '') as { job: { id: string } }
  const params = { job_id: job.id }
  const directory = await eventually('the job to end', async () => {
    const { status, activity, settings } = await farm.api.fetchJob({ params })
    assert.ok(status !== 'failed' && status !== 'canceled', `the job is ${status}: ${activity}`)
    return status === 'completed' && String(settings?.render_output_path).replace(/\/#+$/, '')
  })
  await checkFrames(directory, frames)
  const { runs } = await farm.api.farmJobFrames({ params })
  const reused = runs.flatMap(({ from, count, step, reused_from }) =>
    reused_from
      ? Array.from({ length: count }, (_, i) => [from + i * step, reused_from.job] as const)
      : [],
  )
  const { tasks = [] } = await farm.api.fetchJobTasks({ params })
  const logs = await Promise.all(
    tasks.map(({ id }) => farm.api.fetchTaskLogTail({ params: { task_id: id } })),
  )
  return { id: job.id, directory, reused: new Map(reused), logs: logs.join('\n') }
}

function fileOf(directory: string, frame: number): string {
  return join(directory, `${String(frame).padStart(6, '0')}.png`)
}
