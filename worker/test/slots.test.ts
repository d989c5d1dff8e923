import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { AssignedTask } from '@shaman-farm/manager-api'
import { command, makeTask, type StandIn } from './manager-stand-in.ts'
import { nowhere, startStoreFarm, submitFolder } from './store-farm.ts'
import { tempDir } from './temp.ts'
import { markedBy, nothingLeft, startWorkerProcess } from './worker-process.ts'

const gpuVariables = [
  'CUDA_VISIBLE_DEVICES',
  'HIP_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'ZE_AFFINITY_MASK',
]

test('two slots of one worker run two tasks at a time, each on its own GPU, with one cache; a cancel ends only its own', async (t) => {
  const farm = await startStoreFarm(t)
  const { manager } = farm
  const project = await tempDir(t)
  await writeFile(join(project, 'scene.txt'), 'the scene')
  await writeFile(join(project, 'big.bin'), Buffer.alloc(8 << 20, 'big'))
  const checkout = await submitFolder(farm, project, 'shot')
  const meeting = await tempDir(t)
  const tasks = [1, 2].map((mine) => waitingTask({ checkout, meeting, mine, other: 3 - mine }))
  manager.queue.push(...tasks)

  const home = await tempDir(t)
  const mark = randomUUID()
  const worker = startWorkerProcess(
    t,
    [
      ...['--manager', manager.url, '--home', home, '--name', 'box'],
      ...['--slots', '2', '--gpus', '0,1', '--storage', 'pull'],
    ],
    mark,
  )
  const [stays, goes] = tasks as [AssignedTask, AssignedTask]
  await manager.until(() => tasks.every(({ uuid }) => /> both here/.test(manager.log(uuid))))
  assert.deepEqual(manager.registered.map(({ name }) => name).sort(), ['box #1', 'box #2'])
  assert.deepEqual(tasks.map(({ uuid }) => gpusOf(manager, uuid)).sort(), ['0 0 0 0', '1 1 1 1'])
  for (const { uuid } of tasks) assert.match(manager.log(uuid), /> the scene/)
  assert.equal(await bytesBelow(join(home, 'cache')), (8 << 20) + 'the scene'.length)
  const downloads = manager.requests.filter((line) => /x\/blobs\/(get|[0-9a-f]{64})/.test(line))
  assert.equal(downloads.length, 2, downloads.join('\n'))

  manager.forbidden.add(goes.uuid)
  const isAtWork = async (name: string): Promise<boolean> =>
    (await markedBy(mark)).some((line) => line.includes(join(meeting, name)))
  while (await isAtWork('go-2')) await delay(20)
  assert.ok(await isAtWork('go-1'))
  await writeFile(join(meeting, 'go-1'), '')
  await manager.until(() => manager.statusesOf(stays.uuid).includes('completed'))
  assert.match(manager.log(stays.uuid), /> went on to the end/)
  assert.deepEqual(manager.statusesOf(goes.uuid), ['active'])

  worker.child.kill('SIGTERM')
  assert.equal(await worker.exited, 0)
  assert.equal(manager.signOffs, 2)
  await nothingLeft(mark)
})

interface Waiting {
  checkout: string
  /** Folder where the two tell each other that they are there. */
  meeting: string
  mine: number
  other: number
}

/** Tells its GPU, reads the checkout, waits for the other task (alone, neither goes on), then for a word to go on. */
function waitingTask({ checkout, meeting, mine, other }: Waiting): AssignedTask {
  const script = [
    `echo gpus ${gpuVariables.map((name) => `$${name}`).join(' ')}`,
    'cat "$1"; echo',
    `touch ${meeting}/here-${mine}`,
    `until [ -e ${meeting}/here-${other} ]; do sleep 0.02; done; echo both here`,
    `until [ -e ${meeting}/go-${mine} ]; do sleep 0.02; done; echo went on to the end`,
  ].join('\n')
  const file = `${nowhere}/jobs/${checkout}/scene.txt`
  const args = ['-c', script, 'sh', file]
  return { ...makeTask([command('exec', { exe: 'sh', args })]), checkout: { id: checkout } }
}

function gpusOf(manager: StandIn, taskId: string): string | undefined {
  return /> gpus (.*)/.exec(manager.log(taskId))?.[1]
}

/** All but the note of when the machine was started. */
async function bytesBelow(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter((entry) => entry.isFile() && entry.name !== 'boot')
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
