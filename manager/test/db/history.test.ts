import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuditStore } from '../../src/auth/audit-store.ts'
import { forgetOldHistory } from '../../src/db/history.ts'
import { openManager, submitEcho } from '../running-manager.ts'
import { openTestFarm, type TestFarm } from '../test-farm.ts'

const dayMs = 24 * 3_600_000
const deed = {
  who: 'anyone',
  role: 'anyone',
  address: '10.0.0.1',
  operation: 'setJobPriority',
  path: '/api/v3/jobs/1/setpriority',
  status: 204,
  detail: '',
}
const notice = {
  kind: 'job-completed',
  title: 'done',
  detail: '',
  job: null,
  worker: null,
} as const

/** One of each kind a day. */
function live(farm: TestFarm, days: number): void {
  const audit = createAuditStore(farm.db)
  for (let day = 0; day < days; day += 1) {
    farm.clock.now += dayMs
    audit.add({ ...deed, at: farm.clock.now })
    farm.notifications.add(notice, farm.clock.now)
  }
}

function counts({ db }: TestFarm): number[] {
  return ['audit', 'notifications'].map(
    (table) => (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n,
  )
}

test('what was written down more than a year ago is forgotten, however much it is', async (t) => {
  const farm = openTestFarm(t)
  live(farm, 2_600)
  await forgetOldHistory(farm)
  assert.deepEqual(counts(farm), [366, 366])
  const oldest = createAuditStore(farm.db).list({ limit: 500 }).at(-1)!
  assert.equal(Date.parse(oldest.at), farm.clock.now - 365 * dayMs)
})

test('a policy of 0 forgets nothing', async (t) => {
  const farm = openTestFarm(t)
  farm.config.replace({ ...farm.config.stored(), history_expiry: '0' })
  live(farm, 500)
  await forgetOldHistory(farm)
  assert.deepEqual(counts(farm), [500, 500])
})

test('a manager that was off for two years has forgotten what it did before by the time it is asked', async (t) => {
  let now = Date.now()
  const manager = await openManager(t, { now: () => now })
  await submitEcho(manager)
  assert.equal((await manager.client.farmAudit({ query: {} })).entries.length, 1)
  now += 2 * 365 * dayMs
  await manager.restart()
  assert.deepEqual((await manager.client.farmAudit({ query: {} })).entries, [])
})
