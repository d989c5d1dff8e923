import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { describeOwnLimits, limitsFor } from '../../src/commands/limits.ts'
import { startWorker } from '../../src/main.ts'
import { command, makeTask, type StandIn, startStandIn } from '../manager-stand-in.ts'
import { tempDir } from '../temp.ts'

const limitsOf = (parameters: Record<string, unknown>) =>
  limitsFor({ name: 'exec', parameters }, { stallMs: 1_000, timeLimitMs: 2_000, nice: 5 })

test('a command without limits has those of the worker', () => {
  const limits = { stallMs: 1_000, timeLimitMs: 2_000, nice: 5, own: new Set() }
  assert.deepEqual(limitsOf({}), limits)
})

test('a limit that a command brings goes before the worker’s, each for itself', () => {
  const inAll = { stallMs: 1_000, timeLimitMs: 90_000, nice: 5, own: new Set(['timeLimitMs']) }
  assert.deepEqual(limitsOf({ timeLimitMinutes: 1.5 }), inAll)
  const silent = { stallMs: 0, timeLimitMs: 2_000, nice: 5, own: new Set(['stallMs']) }
  assert.deepEqual(limitsOf({ stallMinutes: 0 }), silent)
})

test('a limit that is no time is refused by name', () => {
  assert.throws(() => limitsOf({ stallMinutes: -1 }), {
    message: /exec: parameter "stallMinutes" is -1/,
  })
  assert.throws(() => limitsOf({ timeLimitMinutes: '5' }), { message: /"timeLimitMinutes" is "5"/ })
})

test('the log tells only of limits that are not the worker’s', () => {
  const worker = { stallMs: 60_000, timeLimitMs: undefined }
  assert.equal(describeOwnLimits(worker, worker), undefined)
  assert.equal(
    describeOwnLimits({ stallMs: 0, timeLimitMs: 5_400_000 }, worker),
    'limits of this command: 1h 30m in all, any time without output',
  )
})

test('one worker ends each command by its own limit, and says whose it was', async (t) => {
  const manager = await startStandIn(t)
  const exec = (script: string, limits: Record<string, number>) =>
    makeTask([command('exec', { exe: 'sh', args: ['-c', script], ...limits })])
  const tooLong = exec('while :; do echo busy; sleep 0.02; done', { timeLimitMinutes: 0.005 })
  const silent = exec('echo hello; sleep 600', { stallMinutes: 0.005 })
  const patient = exec('sleep 1.5; echo late', { stallMinutes: 0, timeLimitMinutes: 0 })
  const unsaid = exec('sleep 600', {})
  const idle = { duration_in_seconds: 600, timeLimitMinutes: 0.005 }
  const asleep = makeTask([command('sleep', idle)])
  manager.queue.push(tooLong, silent, patient, unsaid, asleep)
  const worker = await startWorker({
    managerUrl: manager.url,
    home: await tempDir(t),
    name: 'limited',
    taskTypes: ['misc'],
    log: pino({ level: 'silent' }),
    limits: { stallMs: 1_000 },
    once: true,
  })
  t.after(() => worker.stop())
  await worker.ended
  const ofTheJob = '0.30 s, the limit that the job sets for this command, and was stopped'
  assert.equal(endOf(manager, tooLong.uuid), `sh took longer than ${ofTheJob}`)
  assert.ok(manager.log(tooLong.uuid).includes(`task failed: sh took longer than ${ofTheJob}\n`))
  assert.match(manager.log(tooLong.uuid), /limits of this command: 0\.30 s in all\n/)
  assert.equal(endOf(manager, silent.uuid), `sh gave no output for ${ofTheJob}`)
  assert.deepEqual(manager.statusesOf(patient.uuid), ['active', 'completed'])
  assert.match(manager.log(patient.uuid), /late/)
  const ofTheWorker = '1.00 s, the limit of this worker, and was stopped'
  assert.equal(endOf(manager, unsaid.uuid), `sh gave no output for ${ofTheWorker}`)
  assert.equal(endOf(manager, asleep.uuid), `sleep took longer than ${ofTheJob}`)
})

function endOf(manager: StandIn, taskId: string): string | undefined {
  const { body } = manager.updates.findLast((update) => update.taskId === taskId)!
  assert.equal(body.taskStatus, 'failed')
  assert.equal(body.failure?.reason, 'timeout')
  return body.failure?.excerpt.split('\n')[0]
}
