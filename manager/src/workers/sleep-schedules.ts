import type { WorkerSleepSchedule, WorkerStatus } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import type { Farm } from '../farm.ts'
import { FarmError } from '../problems.ts'
import {
  isWithin,
  type LocalTime,
  localTime,
  parseWindow,
  type SleepWindow,
} from './sleep-rules.ts'

export interface ScheduleRecord {
  worker_id: number
  is_active: 0 | 1
  days_of_week: string
  start_time: string
  end_time: string
  windows: string
  time_zone: string
  last_asked: WorkerStatus | null
}

const statements = new WeakMap<Db, ReturnType<typeof prepare>>()

function prepare(db: Db) {
  return {
    get: db.prepare<[number], ScheduleRecord>('SELECT * FROM sleep_schedules WHERE worker_id = ?'),
    active: db.prepare<[], ScheduleRecord>('SELECT * FROM sleep_schedules WHERE is_active = 1'),
    asked: db.prepare('UPDATE sleep_schedules SET last_asked = ? WHERE worker_id = ?'),
    put: db.prepare(
      `INSERT INTO sleep_schedules
         (worker_id, is_active, days_of_week, start_time, end_time, windows, time_zone, last_asked)
       VALUES (@worker_id, @is_active, @days_of_week, @start_time, @end_time, @windows, @time_zone, NULL)
       ON CONFLICT (worker_id) DO UPDATE SET is_active = @is_active, days_of_week = @days_of_week,
         start_time = @start_time, end_time = @end_time, windows = @windows, time_zone = @time_zone,
         last_asked = NULL`,
    ),
  }
}

function store(db: Db): ReturnType<typeof prepare> {
  const known = statements.get(db) ?? prepare(db)
  statements.set(db, known)
  return known
}

export function getSchedule(farm: Farm, worker: number): WorkerSleepSchedule | undefined {
  const record = store(farm.db).get.get(worker)
  if (!record) return undefined
  const windows = JSON.parse(record.windows) as NonNullable<WorkerSleepSchedule['windows']>
  return {
    is_active: record.is_active === 1,
    days_of_week: record.days_of_week,
    start_time: record.start_time,
    end_time: record.end_time,
    ...(windows.length > 0 ? { windows } : {}),
    ...(record.time_zone ? { time_zone: record.time_zone } : {}),
  }
}

/** Stores a schedule; throws when it cannot be understood. */
export function putSchedule(farm: Farm, worker: number, schedule: WorkerSleepSchedule): void {
  for (const window of [schedule, ...(schedule.windows ?? [])]) parseWindow(window)
  if (schedule.time_zone) checkTimeZone(schedule.time_zone)
  store(farm.db).put.run({
    worker_id: worker,
    is_active: schedule.is_active ? 1 : 0,
    days_of_week: schedule.days_of_week.trim(),
    start_time: schedule.start_time,
    end_time: schedule.end_time,
    windows: JSON.stringify(schedule.windows ?? []),
    time_zone: schedule.time_zone ?? '',
  })
}

/** What a worker's schedule says about this moment; undefined when it has none. */
export function scheduledStatus(farm: Farm, worker: number): 'awake' | 'asleep' | undefined {
  const record = store(farm.db).get.get(worker)
  return record?.is_active === 1 ? statusAt(record, farm.now()) : undefined
}

/**
 * The schedules whose word has changed since it was last asked for. Between two changes a person's own request
 * stands.
 */
export function dueChanges(farm: Farm): { worker: number; status: 'awake' | 'asleep' }[] {
  return store(farm.db)
    .active.all()
    .map((record) => ({ record, status: statusAt(record, farm.now()) }))
    .filter(({ record, status }) => record.last_asked !== status)
    .map(({ record, status }) => ({ worker: record.worker_id, status }))
}

export function noteAsked(farm: Farm, worker: number, status: WorkerStatus): void {
  store(farm.db).asked.run(status, worker)
}

function statusAt(record: ScheduleRecord, now: number): 'awake' | 'asleep' {
  const time: LocalTime = localTime(now, record.time_zone)
  return windowsOf(record).some((window) => isWithin(window, time)) ? 'asleep' : 'awake'
}

function windowsOf(record: ScheduleRecord): SleepWindow[] {
  const more = JSON.parse(record.windows) as Parameters<typeof parseWindow>[0][]
  return [record, ...more].map(parseWindow)
}

function checkTimeZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    throw new FarmError('BAD_REQUEST', `There is no time zone "${zone}"`, {
      cause,
      hint: 'Time zones are named like Europe/Amsterdam.',
    })
  }
}
