import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fetchOutputs } from '../../src/outputs/fetch-outputs.ts'
import { relativeNames } from '../../src/outputs/relative-names.ts'
import { openManager, signOnWorker } from '../running-manager.ts'

/** A job whose worker wrote these frames to the storage. */
async function renderedJob(t: TestContext, frames: readonly Buffer[]) {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const directory = join(manager.dir, 'storage', 'renders', 'shot')
  await mkdir(directory, { recursive: true })
  const job = await manager.client.submitJob({
    body: {
      name: 'shot',
      type: 'simple-blender-render',
      priority: 50,
      submitter_platform: 'linux',
      settings: {
        ...{ blendfile: '/shot.blend', frames: `1-${frames.length}`, chunk_size: 100 },
        ...{ render_output_root: manager.dir, render_output_path: join(directory, '######') },
        ...{ format: 'PNG', image_file_extension: '.png', fps: 24, scene: 'Scene' },
      },
      metadata: {},
    },
  })
  const { uuid } = (await worker.client.scheduleTask())!
  const files = frames.map((_, i) => join(directory, `${String(i + 1).padStart(6, '0')}.png`))
  for (const [i, file] of files.entries()) await writeFile(file, frames[i]!)
  await worker.client.taskUpdate({
    params: { task_id: uuid },
    body: {
      frames: files.map((file, i) => ({ frame: i + 1, status: 'completed', file })),
      taskStatus: 'completed',
    },
  })
  return { manager, job, files, to: join(manager.dir, 'fetched') }
}

test('what a job has made is fetched, and only what is not there yet the next time', async (t) => {
  const frames = [randomBytes(20_000), randomBytes(3_000_000), Buffer.from('third')]
  const { manager, job, to } = await renderedJob(t, frames)
  const { client } = manager
  const told: number[] = []
  const first = await fetchOutputs({
    client,
    jobId: job.id,
    to,
    onProgress: (done, total) => told.push(done / total),
  })
  assert.deepEqual(first, { files: 3, bytes: 3_020_005, kept: 0, gone: [] })
  assert.equal(told.at(-1), 1)
  for (const [i, bytes] of frames.entries()) {
    const file = join(to, `00000${i + 1}.png`)
    assert.ok((await readFile(file)).equals(bytes))
    assert.ok((await stat(file)).mode & 0o200, 'its owner may change it')
  }
  // One is lost, one is changed without a change of size, one was half there.
  await rm(join(to, '000001.png'))
  await writeFile(join(to, '000003.png'), 'THIRD')
  await rm(join(to, '000002.png'))
  await writeFile(join(to, '000002.png.part'), frames[1]!.subarray(0, 1_000_000))
  const again = await fetchOutputs({ client, jobId: job.id, to })
  assert.deepEqual({ ...again, bytes: 0 }, { files: 3, bytes: 0, kept: 0, gone: [] })
  const third = await fetchOutputs({ client, jobId: job.id, to })
  assert.deepEqual(third, { files: 0, bytes: 0, kept: 3, gone: [] })
  assert.ok((await readFile(join(to, '000002.png'))).equals(frames[1]!))
})

test('a frame that nobody has any more is named, and the others are fetched', async (t) => {
  const { manager, job, files, to } = await renderedJob(t, [Buffer.from('1'), Buffer.from('2')])
  await rm(files[0]!)
  const fetched = await fetchOutputs({ client: manager.client, jobId: job.id, to })
  assert.deepEqual(fetched, { files: 1, bytes: 1, kept: 0, gone: [files[0]] })
})

test('a folder that cannot be written is told', { skip: process.getuid?.() === 0 }, async (t) => {
  const { manager, job, to } = await renderedJob(t, [Buffer.from('1')])
  await mkdir(to)
  await chmod(to, 0o555)
  const { client } = manager
  await assert.rejects(fetchOutputs({ client, jobId: job.id, to }), { code: 'EACCES' })
})

test('names are those from the deepest shared folder on, and never leave it', () => {
  const names = (...paths: string[]) => [...relativeNames(paths).values()]
  assert.deepEqual(names('/r/shot/000001.png', '/r/shot/000002.png'), ['000001.png', '000002.png'])
  assert.deepEqual(names('/r/shot/a/1.png', '/r/shot/b/1.png'), ['a/1.png', 'b/1.png'])
  assert.deepEqual(names('/r/shot/1.png'), ['1.png'])
  assert.deepEqual(names('R:\\shot\\1.png', 'R:\\shot\\x\\2.png'), ['1.png', 'x/2.png'])
  assert.deepEqual(names('/r/../../etc/1.png', '/s/1.png'), ['r/_/_/etc/1.png', 's/1.png'])
  assert.deepEqual(names('C:\\1.png', 'D:\\1.png'), ['C_/1.png', 'D_/1.png'])
  assert.deepEqual(names(), [])
})
