import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TaskUpdate } from '@shaman-farm/manager-api'
import { createTaskReporter, type TaskReporterOptions } from '../src/task-reporter.ts'

function reporting(options: Partial<TaskReporterOptions> = {}) {
  const sent: TaskUpdate[] = []
  const now = (): Date => new Date('2026-01-02T03:04:05.678Z')
  const reporter = createTaskReporter({ send: (update) => sent.push(update), now, ...options })
  return { sent, reporter }
}

test('lines gather and go out together, with their time', async () => {
  const { sent, reporter } = reporting({ maxDelayMs: 10 })
  reporter.log('one')
  reporter.log('two')
  while (sent.length === 0) await delay(2)
  assert.equal(sent[0]?.log, '2026-01-02T03:04:05Z one\n2026-01-02T03:04:05Z two\n')
  assert.equal(sent[0]?.last_output_at, '2026-01-02T03:04:05.678Z')
})

test('a full chunk does not wait', () => {
  const { sent, reporter } = reporting({ maxChunkBytes: 100 })
  reporter.log('x'.repeat(100))
  assert.equal(sent.length, 1)
  reporter.flush()
  assert.equal(sent.length, 1)
})

test('a status takes along all that has gathered, in one update', () => {
  const { sent, reporter } = reporting()
  reporter.log('last words')
  reporter.step()
  reporter.step()
  reporter.frameDone({ frame: 1, status: 'completed' })
  reporter.status({ taskStatus: 'completed', activity: 'done' })
  assert.equal(sent.length, 1)
  const { log, ...rest } = sent[0]!
  assert.match(log ?? '', /last words/)
  assert.deepEqual(rest, {
    steps_completed: 2,
    frames: [{ frame: 1, status: 'completed' }],
    last_output_at: '2026-01-02T03:04:05.678Z',
    taskStatus: 'completed',
    activity: 'done',
  })
})

test('a log without end is bounded, and its last lines still arrive', () => {
  const { sent, reporter } = reporting({ maxChunkBytes: 1_000, maxLogBytes: 5_000 })
  for (let i = 1; i <= 10_000; i++) reporter.log(`line ${i}`)
  reporter.status({ taskStatus: 'failed' })
  const log = sent.map((update) => update.log ?? '').join('')
  assert.ok(log.length < 10_000, `${log.length} characters`)
  assert.match(log, /^\S+ line 1\n/)
  assert.match(log, /line 10000\n$/)
  assert.match(log, /\.\.\. \d+ lines left out: the log is too long/)
})
