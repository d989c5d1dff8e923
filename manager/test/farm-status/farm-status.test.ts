import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FarmFacts, farmStatusOf } from '../../src/farm-status/farm-status.ts'

const nobody: FarmFacts = { awake: 0, asleep: 0, activeJobs: 0, queuedJobs: 0 }

const rows: readonly [string, Partial<FarmFacts>][] = [
  ['inoperative', { activeJobs: 1, queuedJobs: 1 }],
  ['active', { awake: 1, asleep: 1, activeJobs: 1 }],
  ['waiting', { asleep: 1, activeJobs: 1 }],
  ['waiting', { awake: 1, queuedJobs: 1 }],
  ['asleep', { asleep: 2 }],
  ['idle', { awake: 1, asleep: 1 }],
]

for (const [status, facts] of rows) {
  test(`a farm with ${JSON.stringify(facts)} is ${status}`, () => {
    assert.equal(farmStatusOf({ ...nobody, ...facts }), status)
  })
}
