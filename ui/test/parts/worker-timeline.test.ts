import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../src/farm/wire.ts'
import {
  attemptsIn,
  panSpan,
  sortRows,
  spanOf,
  ticksOf,
  timelineRows,
  zoomSpan,
} from '../../src/parts/worker-timeline/rows.ts'

function attempt(worker: string, from: number, to?: number, outcome?: Attempt['outcome']): Attempt {
  return {
    id: `${worker}${from}`,
    task_id: 't',
    job_id: 'j',
    task_name: 'render',
    task_status: 'queued',
    worker: { id: worker, name: worker, address: '' },
    started: new Date(from).toISOString(),
    ...(to === undefined ? {} : { ended: new Date(to).toISOString() }),
    ...(outcome ? { outcome } : {}),
    log_start: 0,
    frames: [],
  }
}

const attempts = [
  attempt('node-10', 0, 4000, 'completed'),
  attempt('node-2', 1000, 2000, 'failed'),
  attempt('node-2', 3000),
]

test('each worker has a row, and what still runs has no end', () => {
  const rows = timelineRows(attempts, 10_000)
  const second = rows.find((row) => row.name === 'node-2')
  assert.deepEqual(
    second?.bars.map((bar) => [bar.tone, bar.end]),
    [
      ['failed', 2000],
      ['active', undefined],
    ],
  )
  assert.equal(second?.busyMs, 8000)
  assert.deepEqual(spanOf(rows, 10_000), { from: 0, to: 10_000 })
})

test('rows sort by name as people count, by load and by failures', () => {
  const rows = timelineRows(attempts, 10_000)
  assert.deepEqual(
    sortRows(rows, 'name').map((row) => row.name),
    ['node-2', 'node-10'],
  )
  assert.equal(sortRows(rows, 'busy')[0]?.name, 'node-2')
  assert.equal(sortRows(rows, 'failed')[0]?.name, 'node-2')
})

test('zooming keeps the point under the pointer and never leaves the whole', () => {
  const whole = { from: 0, to: 100_000 }
  assert.deepEqual(zoomSpan(whole, whole, 25_000, 0.5), { from: 12_500, to: 62_500 })
  assert.deepEqual(zoomSpan({ from: 0, to: 50_000 }, whole, 0, 10), whole)
  assert.deepEqual(panSpan({ from: 10_000, to: 20_000 }, whole, 500_000), {
    from: 90_000,
    to: 100_000,
  })
})

test('ticks are whole times and only a handful', () => {
  const from = Date.UTC(2026, 0, 1, 9, 7)
  const ticks = ticksOf({ from, to: from + 3_600_000 }, 8)
  assert.ok(ticks.length >= 3 && ticks.length <= 8)
  assert.ok(ticks.every((tick) => tick % 600_000 === 0))
})

test('a brush takes the attempts it touches, also what still runs, and only in its rows', () => {
  const rows = sortRows(timelineRows(attempts, 10_000), 'name')
  const idsIn = (from: number, to: number, firstRow: number, lastRow: number): string[] =>
    attemptsIn(rows, { from, to, firstRow, lastRow }).map(({ id }) => id)
  assert.deepEqual(idsIn(1500, 2500, 0, 1), ['node-21000', 'node-100'])
  assert.deepEqual(idsIn(1500, 2500, 1, 1), ['node-100'])
  assert.deepEqual(idsIn(8000, 9000, 0, 1), ['node-23000'])
  assert.deepEqual(idsIn(2200, 2800, 0, 0), [])
})
