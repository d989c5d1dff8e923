import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asleepHours, scheduleOf, windowsOf } from '../../src/farm/week.ts'

test('no day named means every day, and the schedule is written back as it was read', () => {
  const schedule = { is_active: true, days_of_week: '', start_time: '09:00', end_time: '18:00' }
  const windows = windowsOf(schedule)
  assert.equal(windows[0]?.days.length, 7)
  assert.deepEqual(scheduleOf(true, windows, undefined), schedule)
})

test('a window past midnight goes on in the next day, and Sunday in Monday', () => {
  const hours = asleepHours([{ days: ['su'], start: '22:00', end: '02:00' }])
  assert.deepEqual(
    hours.flatMap((asleep, hour) => (asleep ? [hour] : [])),
    [0, 1, 166, 167],
  )
})

test('a window without times is the whole day', () => {
  assert.equal(asleepHours([{ days: ['mo'], start: '', end: '' }]).filter(Boolean).length, 24)
})
