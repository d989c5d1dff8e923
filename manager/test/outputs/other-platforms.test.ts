import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { openManager, signOnWorker } from '../running-manager.ts'

test('a worker of another platform tells of its files by its own paths', async (t) => {
  const renders = await mkdtemp(join(tmpdir(), 'farm-renders-'))
  t.after(() => rm(renders, { recursive: true, force: true }))
  const values = [
    { platform: 'linux', value: renders },
    { platform: 'windows', value: 'R:\\renders' },
  ]
  const manager = await openManager(t, {
    config: { variables: { render: { is_twoway: true, values } } },
  })
  const settings = {
    blendfile: '/projects/shot.blend',
    frames: '1',
    chunk_size: 1,
    render_output_root: renders,
    render_output_path: join(renders, 'shot', '######'),
    format: 'PNG',
    image_file_extension: '.png',
    fps: 24,
    scene: 'Scene',
  }
  const { id } = await manager.client.submitJob({
    body: {
      ...{ name: 'shot', type: 'simple-blender-render', priority: 50 },
      submitter_platform: 'linux',
      settings,
    },
  })
  const worker = await signOnWorker(manager, { platform: 'windows' })
  const task = await worker.client.request('scheduleTask')
  assert.ok(task.status === 200 && task.body.job === id)
  const { args } = task.body.commands[0]!.parameters as { args: string[] }
  assert.equal(args[args.indexOf('--render-output') + 1], 'R:\\renders\\shot\\######')

  const bytes = Buffer.from('an image')
  const digest = { sha: hash('sha256', bytes), size: bytes.length }
  const store = createShamanClient({ url: manager.url })
  t.after(() => store.close())
  await store.upload({ files: [{ path: 'f', digest, source: { bytes } }] })
  // The folder as the task named it, the rest with this worker's own slashes.
  await worker.client.farmTaskOutputs({
    params: { task_id: task.body.uuid },
    body: { files: [{ path: 'R:\\renders\\shot/000001.png', ...digest, frame: 1 }] },
  })
  assert.deepEqual(await readFile(join(renders, 'shot', '000001.png')), bytes)
  const elsewhere = await worker.client.request('farmTaskOutputs', {
    params: { task_id: task.body.uuid },
    body: { files: [{ path: 'R:\\renders\\..\\x.png', ...digest }] },
  })
  assert.equal(elsewhere.status, 400)
})
