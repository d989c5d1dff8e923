import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, makeTask, startStandIn } from './manager-stand-in.ts'
import { tempDir } from './temp.ts'
import { nothingLeft, startWorkerProcess } from './worker-process.ts'

test('SIGTERM ends the command, signs off and exits with 0', async (t) => {
  const manager = await startStandIn(t)
  const marker = randomUUID()
  const task = makeTask([command('exec', { exe: 'sleep', args: ['600'] })])
  manager.queue.push(task)
  const worker = startWorkerProcess(
    t,
    ['--manager', manager.url, '--home', await tempDir(t)],
    marker,
  )
  await manager.until(() => /started/.test(manager.log(task.uuid)))
  worker.child.kill('SIGTERM')
  assert.equal(await worker.exited, 0)
  assert.equal(manager.signOffs, 1)
  assert.deepEqual(manager.statusesOf(task.uuid), ['active'])
  await nothingLeft(marker)
})

test('a worker killed by SIGKILL leaves no process, and finishes its task when it is back', async (t) => {
  const manager = await startStandIn(t)
  const [first, second] = [randomUUID(), randomUUID()]
  const home = await tempDir(t)
  // The second run finds what the first one did, as Blender finds frames.
  const script = `if [ -e ${home}/done ]; then echo again; else touch ${home}/done; echo ready; sleep 600; fi`
  const task = makeTask([command('exec', { exe: 'sh', args: ['-c', script] })])
  manager.queue.push(task)
  const args = ['--manager', manager.url, '--home', home]
  const killed = startWorkerProcess(t, args, first)
  await manager.until(() => /ready/.test(manager.log(task.uuid)))
  killed.child.kill('SIGKILL')
  await nothingLeft(first)
  startWorkerProcess(t, args, second)
  await manager.until(() => manager.statusesOf(task.uuid).includes('completed'))
  assert.match(manager.log(task.uuid), /again/)
  assert.equal(manager.registered.length, 1)
})

test('a restart asked for by the farm ends with the exit code agreed on', async (t) => {
  const manager = await startStandIn(t)
  const args = ['--manager', manager.url, '--home', await tempDir(t), '--restart-exit-code', '47']
  const worker = startWorkerProcess(t, args, randomUUID())
  await manager.until(() => manager.states.length > 0)
  manager.statusRequested = { status: 'restart', lazy: false }
  assert.equal(await worker.exited, 47)
})

test('all that a command starts is as dispensable as the settings say, from its first moment; the worker is not', {
  skip: process.platform !== 'linux' && 'Linux alone has such a score',
}, async (t) => {
  const manager = await startStandIn(t)
  const home = await tempDir(t)
  await writeFile(join(home, 'worker.yaml'), 'oom_score_adjust: 321\n')
  const script = 'sh -c "cat /proc/self/oom_score_adj" && cat /proc/self/oom_score_adj'
  const task = makeTask([command('exec', { exe: 'sh', args: ['-c', script] })])
  manager.queue.push(task)
  const worker = startWorkerProcess(t, ['--manager', manager.url, '--home', home], randomUUID())
  await manager.until(() => manager.statusesOf(task.uuid).includes('completed'))
  const said = [...manager.log(task.uuid).matchAll(/pid=\d+ > (\S+)$/gm)].map((line) => line[1])
  assert.deepEqual(said, ['started', '321', '321'])
  const scoreOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/oom_score_adj`, 'utf8')
  assert.equal(await scoreOf(worker.child.pid!), await scoreOf(process.pid))
})

test('a search for a manager takes the time it is told, and says what it does', async (t) => {
  const args = ['find', '--home', await tempDir(t), '--find-seconds', '0.2']
  const worker = startWorkerProcess(t, args, randomUUID())
  assert.equal(await worker.exited, 1)
  assert.equal(worker.lines[0], 'Looking for a manager …')
  assert.match(worker.lines.join('\n'), /none was found/)
})

test('without a manager to be found, the hint says how to name one', async (t) => {
  const worker = startWorkerProcess(
    t,
    ['--home', await tempDir(t), '--find-seconds', '0.2'],
    randomUUID(),
  )
  assert.equal(await worker.exited, 1)
  assert.match(worker.lines.join('\n'), /--manager http/)
})
