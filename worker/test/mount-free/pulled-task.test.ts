import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { AssignedTask } from '@shaman-farm/manager-api'
import type { Shaman } from '@shaman-farm/shaman'
import type { Digest } from '@shaman-farm/shaman/digest'
import { pino } from 'pino'
import sharp from 'sharp'
import { startWorker, type Worker, type WorkerOptions } from '../../src/main.ts'
import { command, makeTask, type StandIn } from '../manager-stand-in.ts'
import { isMissing } from '../required.ts'
import { sceneDir } from '../scenes.ts'
import { nowhere, type StoreFarm, startStoreFarm, submitFolder } from '../store-farm.ts'
import { tempDir } from '../temp.ts'

const log = pino({ level: process.env.FARM_TEST_LOG ?? 'silent' })

interface WorkedFarm extends StoreFarm {
  worker(options?: Partial<WorkerOptions>): Promise<Worker>
}

async function startWorkedFarm(t: TestContext, jobsDir?: string): Promise<WorkedFarm> {
  const farm = await startStoreFarm(t, jobsDir)
  return {
    ...farm,
    async worker(options = {}) {
      const worker = await startWorker({
        managerUrl: farm.manager.url,
        home: await tempDir(t),
        name: 'far away',
        taskTypes: ['blender', 'ffmpeg'],
        log,
        timing: { waitSeconds: 5, retryMinMs: 5, retryMaxMs: 20 },
        ...options,
      })
      t.after(() => worker.stop())
      return worker
    },
  }
}

function renderTask(
  checkout: string,
  blendfile: string,
  output: string,
  frames: string,
): AssignedTask {
  const args = [
    '--python-expr',
    'import bpy; r = bpy.context.scene.render; r.use_file_extension = True; r.use_overwrite = False',
    ...['--render-output', output, '--render-format', 'PNG', '--render-frame', frames],
  ]
  const parameters = { exe: 'blender', exeArgs: '-b -y', argsBefore: [], blendfile, args }
  return { ...makeTask([command('blender-render', parameters)]), checkout: { id: checkout } }
}

async function pixels(shaman: Shaman, digest: Digest): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await shaman.blobs.open(digest)) chunks.push(chunk as Buffer)
  return sharp(Buffer.concat(chunks)).raw().toBuffer()
}

const isOver = (manager: StandIn, taskId: string) => (): boolean =>
  ['completed', 'failed'].includes(manager.statusesOf(taskId).at(-1) ?? '')

async function run(farm: StoreFarm, task: AssignedTask): Promise<void> {
  farm.manager.queue.push(task)
  await farm.manager.until(isOver(farm.manager, task.uuid))
  const statuses = farm.manager.statusesOf(task.uuid)
  assert.equal(statuses.at(-1), 'completed', farm.manager.log(task.uuid))
}

test('a worker without the storage renders the same pixels and sends them back; another makes the video', async (t) => {
  if (isMissing(t, 'blender') || isMissing(t, 'ffmpeg', ['-version'])) return
  const farm = await startWorkedFarm(t)
  const project = join(sceneDir(), 'project')
  const checkout = await submitFolder(farm, project, 'shöt 1')
  const farmDir = `${nowhere}/renders/shöt 1`
  const first = await farm.worker()
  const far = renderTask(
    checkout,
    `${nowhere}/jobs/${checkout}/shot.blend`,
    `${farmDir}/######`,
    '1..3',
  )
  await run(farm, far)
  assert.deepEqual(
    // Two are on their way at a time, so they may arrive in any order.
    farm.outputs.map(({ path, frame }) => [path, frame]).sort(),
    [1, 2, 3].map((frame) => [`${farmDir}/00000${frame}.png`, frame]),
  )
  assert.match(
    farm.manager.log(far.uuid),
    /no shared storage: "\/nowhere\/farm\/jobs\/sh.*not readable here/,
  )

  const near = await tempDir(t)
  const mounted = renderTask('', join(project, 'shot.blend'), `${near}/######`, '1..3')
  await run(farm, { ...mounted, checkout: undefined } as unknown as AssignedTask)
  for (const output of farm.outputs) {
    const here = await sharp(join(near, `00000${output.frame}.png`))
      .raw()
      .toBuffer()
    assert.ok((await pixels(farm.shaman, output)).equals(here), `frame ${output.frame}`)
  }
  await first.stop()

  await farm.worker()
  const outputFile = `${farmDir}/shot 1-3.mp4`
  const args = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-y']
  const parameters = { exe: 'ffmpeg', fps: 24, inputGlob: `${farmDir}/*.png`, outputFile, args }
  const video = {
    ...makeTask([command('frames-to-video', parameters)]),
    checkout: { id: checkout },
  }
  await run(farm, video)
  assert.deepEqual(
    farm.outputs.slice(3).map(({ path, task_id }) => [path, task_id]),
    [[outputFile, video.uuid]],
  )
})

test('a worker that sees the storage uses it, and says so', async (t) => {
  if (isMissing(t, 'blender')) return
  const farm = await startWorkedFarm(t)
  const checkout = await submitFolder(farm, join(sceneDir(), 'project'), 'near')
  const output = await tempDir(t)
  const worker = await startWorkedFarm(t, farm.shaman.jobsDir)
  await worker.worker()
  const task = renderTask(
    checkout,
    join(farm.shaman.jobsDir, checkout, 'shot.blend'),
    `${output}/######`,
    '1',
  )
  await run(worker, task)
  assert.deepEqual(await readdir(output), ['000001.png'])
  assert.deepEqual(worker.outputs, [])
})

test('frames a far worker made before are not made again by the next one', async (t) => {
  if (isMissing(t, 'blender')) return
  const farm = await startWorkedFarm(t)
  const checkout = await submitFolder(farm, join(sceneDir(), 'project'), 'again')
  const first = await farm.worker()
  const task = renderTask(
    checkout,
    `${nowhere}/jobs/${checkout}/shot.blend`,
    `${nowhere}/r/######`,
    '1..2',
  )
  await run(farm, task)
  await first.stop()
  const sent = farm.outputs.length
  farm.manager.updates.length = 0
  await farm.worker()
  await run(farm, task)
  const frames = farm.manager.updates.flatMap(({ body }) => body.frames ?? [])
  assert.deepEqual(
    frames.map(({ frame, status }) => [frame, status]),
    [
      [1, 'skipped'],
      [2, 'skipped'],
    ],
  )
  assert.equal(frames[0]?.file, `${nowhere}/r/000001.png`)
  assert.equal(farm.outputs.length, sent)
})

test('a file the store has lost fails the task as missing', async (t) => {
  const farm = await startWorkedFarm(t)
  const dir = await tempDir(t)
  const checkout = await submitFolder(farm, join(import.meta.dirname, '../fixtures'), 'lost')
  await rm(farm.shaman.layout.stored, { recursive: true })
  await farm.worker()
  const task = renderTask(checkout, `${nowhere}/jobs/${checkout}/x.blend`, `${dir}/######`, '1')
  farm.manager.queue.push(task)
  await farm.manager.until(isOver(farm.manager, task.uuid))
  const { body } = farm.manager.updates.at(-1)!
  assert.equal(body.taskStatus, 'failed')
  assert.equal(body.failure?.reason, 'missing-file')
})

/** A task that says what is in a file of its checkout. */
function readTask(checkout: string, script: string): AssignedTask {
  const file = `${nowhere}/jobs/${checkout}/a.txt`
  const task = makeTask([command('exec', { exe: 'sh', args: ['-c', script, 'sh', file] })])
  return { ...task, checkout: { id: checkout } }
}

async function folderWith(t: TestContext, text: string): Promise<string> {
  const dir = await tempDir(t)
  await writeFile(join(dir, 'a.txt'), text)
  return dir
}

test('while a task is at work, the files of the next job are fetched', async (t) => {
  const farm = await startWorkedFarm(t)
  const now = await submitFolder(farm, await folderWith(t, 'now'), 'now')
  const next = await submitFolder(farm, await folderWith(t, 'next'), 'next')
  farm.upcoming.push(now, next)
  const home = await tempDir(t)
  await farm.worker({ taskTypes: ['misc'], home })
  const blobs = async (): Promise<number> =>
    (await readdir(join(home, 'cache', 'blobs'), { recursive: true })).filter((name) =>
      name.includes('-'),
    ).length
  const working = readTask(now, 'cat "$1"; sleep 600')
  farm.manager.queue.push(working)
  while ((await blobs()) < 2 || (await readdir(join(home, 'checkouts'))).length < 2) await delay(10)
  assert.deepEqual(farm.manager.statusesOf(working.uuid), ['active'])
  farm.manager.forbidden.add(working.uuid)
  const following = readTask(next, 'cat "$1"')
  await run(farm, following)
  assert.match(farm.manager.log(following.uuid), /\(kept\), 0 bytes fetched[\s\S]* > next/)
})

test('for the next task of a job nothing is asked or looked at again, until its tree is gone', async (t) => {
  const farm = await startWorkedFarm(t)
  const checkout = await submitFolder(farm, await folderWith(t, 'here'), 'job')
  const home = await tempDir(t)
  await farm.worker({ taskTypes: ['misc'], home })
  const job = randomUUID()
  const next = (): AssignedTask => ({ ...readTask(checkout, 'cat "$1"'), job })
  const asked = (): number =>
    farm.manager.requests.filter((line) => line.endsWith('/manifest')).length
  await run(farm, next())
  await run(farm, next())
  assert.equal(asked(), 1)
  await rm(join(home, 'checkouts'), { recursive: true })
  await run(farm, next())
  assert.equal(asked(), 2)
})

test('files fetched ahead give way to what is needed now', async (t) => {
  const farm = await startWorkedFarm(t)
  const [a, b, c] = await Promise.all(
    ['aaaa', 'bbbb', 'cccc'].map(async (text) =>
      submitFolder(farm, await folderWith(t, text.repeat(100)), text),
    ),
  )
  farm.upcoming.push(b!)
  const home = await tempDir(t)
  await farm.worker({ taskTypes: ['misc'], home, cacheBytes: 900 })
  await run(farm, readTask(a!, 'cat "$1"; sleep 0.3'))
  await run(farm, readTask(c!, 'cat "$1"'))
})

test('a checkout made anew under an old name is not taken for the old one', async (t) => {
  const farm = await startWorkedFarm(t)
  const first = await submitFolder(farm, await folderWith(t, 'old'), 'shot')
  await farm.worker({ taskTypes: ['misc'] })
  await run(farm, readTask(first, 'cat "$1"'))
  await farm.shaman.checkouts.erase(first)
  const second = await submitFolder(farm, await folderWith(t, 'new'), 'shot')
  assert.equal(second, first)
  const task = readTask(second, 'cat "$1"')
  await run(farm, task)
  assert.match(farm.manager.log(task.uuid), / > new/)
})
