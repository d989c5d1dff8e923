import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { findDamage } from '../src/images/check.ts'
import { startChaosProxy } from './chaos-proxy.ts'
import { command, makeTask, startStandIn } from './manager-stand-in.ts'
import { isMissing } from './required.ts'
import { sceneDir } from './scenes.ts'
import { tempDir } from './temp.ts'
import { nothingLeft, startWorkerProcess } from './worker-process.ts'

const taskCount = 12
const framesPerTask = 3

test('killed workers and a bad network lose no frame, repeat no report and leave no process', async (t) => {
  if (isMissing(t, 'blender')) return
  const seed = Number(process.env.FARM_TEST_SEED ?? Date.now() % 1e6)
  t.diagnostic(`seed ${seed} (FARM_TEST_SEED)`)
  const random = seededRandom(seed)
  const manager = await startStandIn(t)
  const proxy = await startChaosProxy(t, manager.url, random)
  const output = await tempDir(t)
  const tasks = Array.from({ length: taskCount }, (_, i) => {
    const first = i * framesPerTask + 1
    return makeTask([
      command('blender-render', {
        exe: 'blender',
        exeArgs: '-b -y',
        argsBefore: [],
        blendfile: join(sceneDir(), 'scene.blend'),
        args: [
          '--python-expr',
          'import bpy; r = bpy.context.scene.render; r.use_file_extension = True; r.use_overwrite = False',
          ...['--render-output', join(output, '######'), '--render-format', 'PNG'],
          ...['--render-frame', `${first}..${first + framesPerTask - 1}`],
        ],
      }),
    ])
  })
  manager.queue.push(...tasks)
  const isDone = (): boolean =>
    tasks.every(({ uuid }) => manager.statusesOf(uuid).includes('completed'))

  const homes = [await tempDir(t), await tempDir(t)]
  const markers: string[] = []
  let kills = 0
  const live = async (home: string): Promise<void> => {
    while (!isDone()) {
      const marker = randomUUID()
      markers.push(marker)
      const worker = startWorkerProcess(t, ['--manager', proxy.url, '--home', home], marker)
      await Promise.race([lifetime(output, random), manager.until(isDone), worker.exited])
      if (isDone()) worker.child.kill('SIGTERM')
      else if (worker.child.exitCode === null) {
        worker.child.kill('SIGKILL')
        kills += 1
      }
      await worker.exited
    }
  }
  await Promise.all(homes.map(live))

  t.diagnostic(`${kills} kills, ${proxy.faults} faults of the network`)
  assert.ok(kills > 0 && proxy.faults > 0, 'there was chaos')
  for (const marker of markers) await nothingLeft(marker)
  const frames = (await readdir(output)).sort()
  assert.equal(frames.length, taskCount * framesPerTask)
  for (const frame of frames) assert.equal(await findDamage(join(output, frame)), undefined, frame)
  for (const { uuid } of tasks) {
    const statuses = manager.statusesOf(uuid)
    assert.equal(statuses.filter((status) => status === 'completed').length, 1, `${statuses}`)
    assert.ok(!statuses.includes('failed'), manager.log(uuid))
  }
  assert.equal(manager.registered.length, homes.length)
  const seqs = manager.updates.map(({ taskId, seq }) => `${taskId} ${seq}`)
  assert.equal(new Set(seqs).size, seqs.length, 'an update was applied twice')
})

/** Some lives end at a bad moment; the others last until a frame was made, or there would never be an end. */
async function lifetime(output: string, random: () => number): Promise<void> {
  const count = async (): Promise<number> => (await readdir(output)).length
  if (random() < 0.3) return delay(random() * 5_000)
  const before = await count()
  while ((await count()) === before) await delay(20)
  await delay(random() * 400)
}

function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}
