import assert from 'node:assert/strict'
import { test } from 'node:test'
import { taskIds } from '../../src/job-types/task-ids.ts'

test('ids sort as they were made, within a millisecond and from one to the next', () => {
  const made = [...taskIds(4096, 0x18f_0000_0000), ...taskIds(2, 0x18f_0000_0001)]
  assert.deepEqual(made.toSorted(), made)
  assert.equal(new Set(made).size, made.length)
})

test('an id is a UUID of version 7 that tells its time and can’t be guessed', () => {
  const [one, other] = [taskIds(1, 0x18f_1234_5678)[0]!, taskIds(1, 0x18f_1234_5678)[0]!]
  assert.match(one, /^018f1234-5678-7000-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.notEqual(one, other)
})
