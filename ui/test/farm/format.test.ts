import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAgo, formatBytes, formatDuration, formatPercent } from '../../src/farm/format.ts'

test('bytes are decimal, to three figures', () => {
  assert.equal(formatBytes(0), '0 B')
  assert.equal(formatBytes(999), '999 B')
  assert.equal(formatBytes(1300), '1.30 kB')
  assert.equal(formatBytes(999_600), '1.00 MB')
  assert.equal(formatBytes(218e9), '218 GB')
})

test('durations read like a stopwatch', () => {
  assert.equal(formatDuration(840), '840 ms')
  assert.equal(formatDuration(9950), '10s')
  assert.equal(formatDuration(112_000), '1m 52s')
  assert.equal(formatDuration(59_970), '1m 00s')
  assert.equal(formatDuration(7_380_000), '2h 03m')
})

test('a share that is not whole never reads as 100 %', () => {
  assert.equal(formatPercent(9999, 10_000), '99.9 %')
  assert.equal(formatPercent(1, 1), '100 %')
  assert.equal(formatPercent(0, 0), '0 %')
  assert.equal(formatPercent(986, 1000), '99 %')
})

test('ages are in one unit', () => {
  assert.equal(formatAgo(1000, 1500), 'now')
  assert.equal(formatAgo(0, 125_000), '2 min ago')
  assert.equal(formatAgo(5000, 1000), 'now')
})
