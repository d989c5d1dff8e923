import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  framesOf,
  patchTask,
  snapToTasks,
  statusAt,
  timeScale,
  withAttempts,
} from '../../src/farm/frames-buffer.ts'
import type { Attempt, JobFrames } from '../../src/farm/wire.ts'

const answer: JobFrames = {
  total: 6,
  completed: 2,
  runs: [
    { from: 11, count: 2, step: 2, status: 'queued', task_id: 'b' },
    { from: 1, count: 3, step: 2, status: 'completed', task_id: 'a' },
    { from: 7, count: 1, step: 2, status: 'failed', task_id: 'a' },
  ],
  thumbnails: [{ frame: 1, url: '/t/1.jpg' }],
}

function attempt(facts: Partial<Attempt> & { task_id: string }): Attempt {
  return {
    id: 'x',
    job_id: 'j',
    task_name: 't',
    task_status: 'completed',
    worker: { id: 'w1', name: 'node-01', address: '' },
    started: '2026-01-01T00:00:00Z',
    log_start: 0,
    frames: [],
    ...facts,
  }
}

test('runs become one cell a frame, in order of frame number', () => {
  const frames = framesOf(answer)
  assert.deepEqual([...frames.number], [1, 3, 5, 7, 11, 13])
  assert.equal(statusAt(frames, 3), 'failed')
  assert.equal(statusAt(frames, 5), 'queued')
  assert.equal(frames.taskIds[frames.task[5]!], 'b')
})

test('attempts tell who made a frame, how long it took and how often it was tried', () => {
  const frames = withAttempts(framesOf(answer), [
    attempt({
      task_id: 'a',
      worker: { id: 'w2', name: 'node-02', address: '' },
      frames: [{ frame: 3, status: 'completed', duration_ms: 1500 }],
    }),
    attempt({ task_id: 'a' }),
  ])
  assert.equal(frames.durationMs[1], 1500)
  assert.equal(frames.workers[frames.worker[1]!]?.name, 'node-02')
  assert.equal(frames.tries[1], 2)
  assert.equal(frames.tries[4], 0)
  assert.ok(Number.isNaN(frames.durationMs[4]))
})

test("a task's event changes its cells and leaves frames it has done", () => {
  const frames = framesOf(answer)
  assert.deepEqual(patchTask(frames, 'a', 'active'), [3])
  assert.equal(statusAt(frames, 0), 'completed')
  assert.deepEqual(patchTask(frames, 'a', 'queued'), [0, 1, 2, 3])
  assert.deepEqual(patchTask(frames, 'nobody', 'queued'), [])
})

test('choosing a frame chooses its whole task, for a task is requeued whole', () => {
  assert.deepEqual([...snapToTasks(framesOf(answer), new Set([1]))], [0, 1, 2, 3])
})

test('the time scale runs from the 5th to the 95th percentile, in logarithms', () => {
  const times = Float64Array.from({ length: 100 }, (_, index) => 1000 + index * 10)
  times[99] = 600_000
  const scale = timeScale(times)
  assert.ok(scale)
  assert.ok(scale.high < 2100)
  assert.equal(scale.placeOf(600_000), 1)
  assert.equal(scale.isOutlier(600_000), true)
  assert.equal(scale.isOutlier(1500), false)
  assert.ok(Math.abs(scale.placeOf(Math.sqrt(scale.low * scale.high)) - 0.5) < 1e-9)
})
