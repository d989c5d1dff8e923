import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeColumns } from '../../src/farm/size-columns.ts'

const sampleOf = (at: string, bytes: number, referencedBytes: number) => ({
  at,
  bytes,
  referencedBytes,
  freeBytes: 0,
})

test('every day has a column, one without a sample is as the day before, and the latest of a day counts', () => {
  const columns = sizeColumns([
    sampleOf('2026-01-01T08:00:00Z', 100, 100),
    sampleOf('2026-01-03T08:00:00Z', 150, 150),
    sampleOf('2026-01-03T09:00:00Z', 200, 150),
  ])
  assert.deepEqual(
    columns.map(({ at, referenced, unreferenced }) => [at.slice(0, 10), referenced, unreferenced]),
    [
      ['2026-01-01', 50, 0],
      ['2026-01-02', 50, 0],
      ['2026-01-03', 75, 25],
    ],
  )
})

test('of more than 90 days the last 90 are shown', () => {
  const samples = Array.from({ length: 400 }, (_, n) =>
    sampleOf(new Date(n * 86_400_000).toISOString(), n, 0),
  )
  const columns = sizeColumns(samples)
  assert.deepEqual([columns.length, columns.at(-1)?.bytes], [90, 399])
  assert.equal(sizeColumns([samples[0]!, samples.at(-1)!]).length, 90)
})
