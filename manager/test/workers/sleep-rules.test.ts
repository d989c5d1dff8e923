import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWithin, localTime, parseWindow } from '../../src/workers/sleep-rules.ts'
import { applySchedules, requestStatus, setSchedule } from '../../src/workers/worker-mgt.ts'
import { addWorker, openTestFarm } from '../test-farm.ts'

const at = (day: string, dayBefore: string, time: string) => ({
  day,
  dayBefore,
  minutes: Number(time.slice(0, 2)) * 60 + Number(time.slice(3)),
})
const window = (days_of_week: string, start_time: string, end_time: string) =>
  parseWindow({ days_of_week, start_time, end_time })

test('a window holds its start and not its end', () => {
  const office = window('mo tu we th fr', '09:00', '18:00')
  assert.equal(isWithin(office, at('mo', 'su', '08:59')), false)
  assert.equal(isWithin(office, at('mo', 'su', '09:00')), true)
  assert.equal(isWithin(office, at('mo', 'su', '17:59')), true)
  assert.equal(isWithin(office, at('mo', 'su', '18:00')), false)
  assert.equal(isWithin(office, at('sa', 'fr', '12:00')), false)
})

test('a window over midnight belongs to the day it began on', () => {
  const night = window('fr', '22:00', '06:00')
  assert.equal(isWithin(night, at('fr', 'th', '23:00')), true)
  assert.equal(isWithin(night, at('sa', 'fr', '05:59')), true)
  assert.equal(isWithin(night, at('sa', 'fr', '06:00')), false)
  assert.equal(isWithin(night, at('fr', 'th', '05:00')), false)
})

test('empty times are the edges of the day, and no days are all days', () => {
  assert.equal(isWithin(window('', '', ''), at('we', 'tu', '00:00')), true)
  assert.equal(isWithin(window('', '', '12:00'), at('we', 'tu', '11:59')), true)
  assert.equal(isWithin(window('', '12:00', ''), at('we', 'tu', '23:59')), true)
})

test('long names of days are taken by their first two letters, shorter ones refused', () => {
  assert.deepEqual([...window('Monday, tues', '', '').days], ['mo', 'tu'])
  assert.throws(() => window('m', '', ''), { code: 'BAD_REQUEST' })
  assert.throws(() => window('', '25:00', ''), { code: 'BAD_REQUEST' })
})

test('the time is that of the zone', () => {
  const noon = Date.UTC(2026, 0, 5, 23, 30)
  assert.deepEqual(localTime(noon, 'UTC'), at('mo', 'su', '23:30'))
  assert.deepEqual(localTime(noon, 'Asia/Tokyo'), at('tu', 'mo', '08:30'))
})

test('a schedule asks when its word changes, and lets a person’s request stand in between', (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  const wanted = () => farm.workers.byId(worker.id).status_requested
  // The clock stands at Monday noon UTC.
  setSchedule(farm, worker, {
    is_active: true,
    days_of_week: 'mo',
    start_time: '11:00',
    end_time: '13:00',
    time_zone: 'UTC',
  })
  assert.equal(wanted(), 'asleep')
  farm.workers.setStatus(worker.id, 'asleep', farm.now())
  farm.workers.setRequest(worker.id, null, farm.now())
  requestStatus(farm, farm.workers.byId(worker.id), { status: 'awake', isLazy: false })
  farm.clock.now += 30 * 60_000
  applySchedules(farm)
  assert.equal(wanted(), 'awake', 'the person’s request stands')
  farm.workers.setStatus(worker.id, 'awake', farm.now())
  farm.workers.setRequest(worker.id, null, farm.now())
  applySchedules(farm)
  assert.equal(wanted(), null)
  farm.clock.now += 24 * 7 * 3_600_000 - 30 * 60_000 - 10 * 60_000
  applySchedules(farm)
  assert.equal(wanted(), null, 'the schedule says asleep as it did last')
})

test('a worker sleeps in each of its windows, by the clock of its own zone', (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  const hour = 3_600_000
  // It is Monday noon UTC: nine in the evening in Tokyo.
  setSchedule(farm, worker, {
    is_active: true,
    days_of_week: 'mo',
    start_time: '20:00',
    end_time: '22:00',
    windows: [{ days_of_week: 'mo', start_time: '23:00', end_time: '01:00' }],
    time_zone: 'Asia/Tokyo',
  })
  const seen: (string | null)[] = []
  const times = [0, 1.5, 2.5, 3.5, 4.5]
  const start = farm.clock.now
  for (const hours of times) {
    farm.clock.now = start + hours * hour
    applySchedules(farm)
    const { status_requested: asked, status } = farm.workers.byId(worker.id)
    if (asked) farm.workers.setStatus(worker.id, asked, farm.now())
    farm.workers.setRequest(worker.id, null, farm.now())
    seen.push(asked ?? status)
  }
  assert.deepEqual(seen, ['asleep', 'awake', 'asleep', 'asleep', 'awake'])
})
