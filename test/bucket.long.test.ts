import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkFrames } from '@shaman-farm/bin/demo-check'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { startS3 } from '../shaman/test/support/s3.ts'
import { eventually, needs, runFarm, startFarm } from './farm.ts'

const frames = 2

test('a farm whose blobs are in a bucket renders a scene that its worker fetches from there', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const { place, env, blobsIn } = await startS3(t)
  const keys = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  const farm = await startFarm(t, { config: `shaman: {blobsIn: "${place}"}\n`, env: keys })
  const project = await makeProject({ into: join(farm.dir, 'project') })
  // The worker can see the storage root, where the checkout is a folder without files: it has to notice.
  farm.startWorker('near')
  const sent = await runFarm([
    ...['submit', project.blend, '--manager', farm.url, '--name', 'from the bucket'],
    ...['--frames', `1-${frames}`, '--missing', 'fail', '--json'],
  ])
  assert.equal(sent.exitCode, 0, sent.stdout + sent.stderr)
  const { job } = JSON.parse(sent.stdout.split('\n').at(-1) ?? '') as { job: { id: string } }
  const directory = await eventually('the job to end', async () => {
    const { status, activity, settings } = await farm.api.fetchJob({ params: { job_id: job.id } })
    assert.ok(status !== 'failed' && status !== 'canceled', `${status}: ${activity}`)
    return status === 'completed' && String(settings?.render_output_path).replace(/\/#+$/, '')
  })
  await checkFrames(directory, frames)
  const objects: number[] = []
  for await (const { size } of blobsIn.list()) objects.push(size)
  assert.ok(objects.length > 0)
  const [checkout] = await readdir(join(farm.dir, 'storage/jobs'))
  const made = await readdir(join(farm.dir, 'storage/jobs', checkout!), { recursive: true })
  assert.deepEqual(made, [])
})
