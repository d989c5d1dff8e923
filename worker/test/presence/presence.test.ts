import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { startWorker, type Worker } from '../../src/main.ts'
import { idleTimeHere, ways } from '../../src/presence/idle-time.ts'
import { type Presence, watchPresence } from '../../src/presence/presence.ts'
import { startGuard } from '../../src/process/guard.ts'
import { runProcess } from '../../src/process/run.ts'
import { command, makeTask, type StandIn, startStandIn } from '../manager-stand-in.ts'
import { tempDir } from '../temp.ts'
import { fakePresence } from './fake-presence.ts'

const log = pino({ level: 'silent' })

test('each system tells in its way how long nobody touched it', () => {
  const [xprintidle, logind] = ways.linux!
  assert.equal(xprintidle!.read('61234\n', 0), 61_234)
  assert.equal(xprintidle!.read("couldn't open display", 0), undefined)
  const seat = (hint: string, since: string, session = 'c2'): string =>
    `ActiveSession=${session}\nIdleHint=${hint}\nIdleSinceHint=${since}\n`
  assert.equal(logind!.read(seat('no', '0'), 9_000), 0)
  assert.equal(logind!.read(seat('yes', '4000000'), 9_000), 5_000)
  assert.equal(logind!.read(seat('yes', '0', ''), 9_000), undefined)
  assert.equal(ways.darwin![0]!.read('   "HIDIdleTime" = 2500000000\n', 0), 2_500)
  assert.equal(ways.win32![0]!.read('4200\r\n', 0), 4_200)
})

test('a command of one’s own tells in seconds; one that fails or babbles tells nothing', async () => {
  assert.equal(await idleTimeHere('echo 12.5')(), 12_500)
  assert.equal(await idleTimeHere('exit 1')(), undefined)
  assert.equal(await idleTimeHere('echo soon')(), undefined)
})

test('somebody comes and goes, and whoever watches hears of it', async (t) => {
  const file = join(await tempDir(t), 'idle')
  await writeFile(file, '600')
  const idleTime = idleTimeHere(`cat '${file}'`)
  const presence = await watchPresence({
    how: 'pause',
    idleTime,
    quietMs: 60_000,
    everyMs: 10,
    log,
  })
  t.after(() => presence.close())
  const heard: boolean[] = []
  presence.watch((isHere) => heard.push(isHere))
  assert.equal(presence.isHere, false)
  for (const [seconds, expected] of [
    ['1', true],
    ['600', false],
  ] as const) {
    await writeFile(file, seconds)
    while (presence.isHere !== expected) await delay(5)
  }
  assert.deepEqual(heard, [true, false])
})

test('where nobody can tell, nobody is here', async (t) => {
  const idleTime = async (): Promise<undefined> => undefined
  const presence = await watchPresence({ how: 'pause', idleTime, quietMs: 1e9, log })
  t.after(() => presence.close())
  assert.equal(presence.isHere, false)
})

test('a process holds still while somebody is here; that time counts as no stall and is no time of its own', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows cannot hold a process still')
  const guard = startGuard({ log, graceMs: 1_000 })
  t.after(() => guard.close())
  const presence = fakePresence('pause')
  const holds: boolean[] = []
  let lines = 0
  const running = runProcess({
    argv: ['/bin/sh', '-c', 'for i in $(seq 1 40); do echo $i; sleep 0.05; done'],
    guard,
    signal: new AbortController().signal,
    limits: { stallMs: 1_500, timeLimitMs: 20_000 },
    presence,
    onLine: () => {
      lines += 1
    },
    onHold: (isHeld) => holds.push(isHeld),
  })
  while (lines < 3) await delay(5)
  presence.set(true)
  await delay(200)
  const before = lines
  await delay(2_000)
  assert.equal(lines, before)
  presence.set(false)
  const { exitCode, endedBy } = await running
  assert.deepEqual([exitCode, endedBy, lines, holds], [0, 'itself', 40, [true, false]])
})

test('a process that holds still can be canceled', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows cannot hold a process still')
  const guard = startGuard({ log, graceMs: 5_000 })
  t.after(() => guard.close())
  const presence = fakePresence('pause')
  presence.set(true)
  const abort = new AbortController()
  const running = runProcess({
    argv: ['sleep', '600'],
    guard,
    signal: abort.signal,
    limits: { graceMs: 60_000 },
    presence,
    onLine: () => {},
  })
  await delay(100)
  abort.abort()
  assert.equal((await running).endedBy, 'cancel')
})

async function workerFor(t: TestContext, manager: StandIn, presence: Presence): Promise<Worker> {
  const worker = await startWorker({
    managerUrl: manager.url,
    home: await tempDir(t),
    name: 'workstation',
    taskTypes: ['misc'],
    log,
    presence,
    timing: { waitSeconds: 1, asleepMs: 20, idleMs: 20, retryMinMs: 5, retryMaxMs: 20 },
  })
  t.after(() => worker.stop())
  return worker
}

const isOver = (manager: StandIn, taskId: string) => (): boolean =>
  manager.statusesOf(taskId).includes('completed')

test('a worker takes no task while somebody is here, and wakes by itself', async (t) => {
  const manager = await startStandIn(t)
  const presence = fakePresence('finish')
  presence.set(true)
  const task = makeTask([command('echo', { message: 'later' })])
  manager.queue.push(task)
  await workerFor(t, manager, presence)
  await manager.until(() => manager.states.at(-1) === 'asleep')
  await delay(200)
  assert.equal(manager.queue.length, 1)
  presence.set(false)
  await manager.until(isOver(manager, task.uuid))
  assert.deepEqual(manager.states, ['awake', 'asleep', 'awake'])
})

test('a task gives way at once where the worker is told so, and goes back to the farm', async (t) => {
  const manager = await startStandIn(t)
  const presence = fakePresence('stop')
  const task = makeTask([command('exec', { exe: 'sleep', args: [600] })])
  manager.queue.push(task)
  await workerFor(t, manager, presence)
  await manager.until(() => /started/.test(manager.log(task.uuid)))
  presence.set(true)
  await manager.until(() => manager.states.at(-1) === 'asleep')
  assert.deepEqual(manager.statusesOf(task.uuid), ['active'])
  assert.match(manager.log(task.uuid), /task stopped: somebody uses this machine/)
})

test('a task that holds still says why', async (t) => {
  const manager = await startStandIn(t)
  const presence = fakePresence('pause')
  const script = 'echo begun; sleep 1; echo done'
  const task = makeTask([command('exec', { exe: 'sh', args: ['-c', script] })])
  manager.queue.push(task)
  await workerFor(t, manager, presence)
  await manager.until(() => /begun/.test(manager.log(task.uuid)))
  presence.set(true)
  await manager.until(() => /holds still/.test(manager.log(task.uuid)))
  const told = (): (string | undefined)[] => manager.updates.map(({ body }) => body.activity)
  assert.ok(told().includes('Waiting: somebody uses this machine'))
  presence.set(false)
  await manager.until(isOver(manager, task.uuid))
})

test('a worker that yields goes to sleep for good when the farm wants it to', async (t) => {
  const manager = await startStandIn(t)
  const presence = fakePresence('finish')
  presence.set(true)
  const worker = await workerFor(t, manager, presence)
  await manager.until(() => manager.states.at(-1) === 'asleep')
  manager.statusRequested = { status: 'offline', lazy: true }
  assert.equal(await worker.ended, 'offline')
})
