import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { describeOwnLimits, limitsFor } from '../../src/commands/limits.ts'
import { startWorker } from '../../src/main.ts'
import { command, makeTask, type StandIn, startStandIn } from '../manager-stand-in.ts'
import { tempDir } from '../temp.ts'

const own = (parameters: Record<string, unknown>) =>
  limitsFor({ name: 'exec', parameters }, { stallMs: 1_000, timeLimitMs: 2_000, nice: 5 })

test('a command without limits has those of the worker', () => {
  assert.deepEqual(own({}), { stallMs: 1_000, timeLimitMs: 2_000, nice: 5 })
})

test('a limit that a command brings goes before the worker’s, each for itself', () => {
  assert.deepEqual(own({ timeLimitMinutes: 1.5 }), { stallMs: 1_000, timeLimitMs: 90_000, nice: 5 })
  assert.deepEqual(own({ stallMinutes: 0 }), { stallMs: 0, timeLimitMs: 2_000, nice: 5 })
})

test('a limit that is no time is refused by name', () => {
  assert.throws(() => own({ stallMinutes: -1 }), {
    message: /exec: parameter "stallMinutes" is -1/,
  })
  assert.throws(() => own({ timeLimitMinutes: '5' }), { message: /"timeLimitMinutes" is "5"/ })
})

test('the log tells only of limits that are not the worker’s', () => {
  const worker = { stallMs: 60_000, timeLimitMs: undefined }
  assert.equal(describeOwnLimits(worker, worker), undefined)
  assert.equal(
    describeOwnLimits({ stallMs: 0, timeLimitMs: 5_400_000 }, worker),
    'limits of this command: 1h 30m in all, any time without output',
  )
})

test('one worker ends each program by the limit of its own command', async (t) => {
  const manager = await startStandIn(t)
  const exec = (script: string, limits: Record<string, number>) =>
    makeTask([command('exec', { exe: 'sh', args: ['-c', script], ...limits })])
  const tooLong = exec('while :; do echo busy; sleep 0.02; done', { timeLimitMinutes: 0.005 })
  const silent = exec('echo hello; sleep 600', { stallMinutes: 0.005 })
  const patient = exec('sleep 1.5; echo late', { stallMinutes: 0, timeLimitMinutes: 0 })
  const unsaid = exec('sleep 600', {})
  manager.queue.push(tooLong, silent, patient, unsaid)
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
  assert.deepEqual(endOf(manager, tooLong.uuid), 'sh took longer than 0.30 s and was stopped')
  assert.match(manager.log(tooLong.uuid), /limits of this command: 0\.30 s in all\n/)
  assert.deepEqual(endOf(manager, silent.uuid), 'sh gave no output for 0.30 s and was stopped')
  assert.deepEqual(manager.statusesOf(patient.uuid), ['active', 'completed'])
  assert.match(manager.log(patient.uuid), /late/)
  assert.deepEqual(endOf(manager, unsaid.uuid), 'sh gave no output for 1.00 s and was stopped')
})

function endOf(manager: StandIn, taskId: string): string | undefined {
  const { body } = manager.updates.findLast((update) => update.taskId === taskId)!
  assert.equal(body.taskStatus, 'failed')
  assert.equal(body.failure?.reason, 'timeout')
  return body.failure?.excerpt.split('\n')[0]
}
