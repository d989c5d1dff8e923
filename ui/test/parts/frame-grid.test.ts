import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { framesOf } from '../../src/farm/frames-buffer.ts'
import { changedCells } from '../../src/parts/frame-grid/changes.ts'
import { moveBy } from '../../src/parts/frame-grid/keys.ts'
import { cellAt, cellOrigin, layoutGrid } from '../../src/parts/frame-grid/layout.ts'

test('rows hold a round number of frames where there is room', () => {
  const layout = layoutGrid(960, 960)
  assert.equal(layout.columns, 60)
  assert.equal(layout.rows, 16)
})

test('ten thousand frames still have cells one can hit', () => {
  const layout = layoutGrid(10_000, 940)
  assert.ok(layout.side >= 6)
  assert.ok(layout.columns * layout.rows >= 10_000)
})

test('every grid fits its width and every cell is found where it is drawn', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12_000 }),
      fc.integer({ min: 300, max: 4000 }),
      (count, width) => {
        const layout = layoutGrid(count, width)
        assert.ok(layout.width <= width)
        for (const index of [0, Math.floor(count / 2), count - 1]) {
          const { x, y } = cellOrigin(layout, index)
          assert.equal(cellAt(layout, count, x + 1, y + 1), index)
        }
      },
    ),
  )
})

test('a place beside the cells is no cell', () => {
  const layout = layoutGrid(15, 400)
  assert.equal(cellAt(layout, 15, 3, 3), undefined)
  assert.equal(cellAt(layout, 15, layout.width - 1, layout.height + 2), undefined)
})

test('f and F find the next and the previous failed frame, around the ends', () => {
  const failed = (index: number): boolean => index === 3 || index === 8
  const grid = { count: 10, columns: 5 }
  assert.equal(moveBy('f', 0, grid, failed), 3)
  assert.equal(moveBy('f', 3, grid, failed), 8)
  assert.equal(moveBy('f', 8, grid, failed), 3)
  assert.equal(moveBy('F', 3, grid, failed), 8)
  assert.equal(
    moveBy('f', 4, grid, () => false),
    4,
  )
})

test('arrows stay inside the grid', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.constantFrom(
        'ArrowUp',
        'ArrowDown',
        'ArrowLeft',
        'ArrowRight',
        'PageUp',
        'PageDown',
        'Home',
        'End',
      ),
      fc.nat(),
      (count, key, seed) => {
        const to = moveBy(key, seed % count, { count, columns: 20 }, () => false)
        assert.ok(to !== undefined && to >= 0 && to < count)
      },
    ),
  )
})

function threeFrames() {
  return framesOf({
    total: 3,
    completed: 1,
    runs: [
      { from: 1, count: 2, step: 1, task_id: 'a', status: 'completed' },
      { from: 3, count: 1, step: 1, task_id: 'b', status: 'queued' },
    ],
    thumbnails: [],
  })
}

test('only the cells that look another way are drawn anew', () => {
  const before = threeFrames()
  const after = threeFrames()
  after.status[2] = 2
  assert.deepEqual(changedCells(before, after, 'status'), [2])
  assert.deepEqual(changedCells(before, after, 'attempts'), [])
  after.tries[0] = 4
  assert.deepEqual(changedCells(before, after, 'attempts'), [0])
})

test('all cells are drawn anew when a time changes the scale or the workers are others', () => {
  const before = threeFrames()
  const after = threeFrames()
  after.durationMs[0] = 900
  assert.equal(changedCells(before, after, 'time'), undefined)
  assert.deepEqual(changedCells(before, after, 'status'), [])
  const others = { ...after, workers: [{ id: 'w', name: 'node-01' }] }
  assert.equal(changedCells(before, others, 'worker'), undefined)
})
