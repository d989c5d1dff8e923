import type { WorkerSleepSchedule } from './wire.ts'

export const weekDays = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const
export type WeekDay = (typeof weekDays)[number]

/** One stretch of sleep: on which days, from when to when. An end before its start is past midnight. */
export interface SleepWindow {
  days: readonly WeekDay[]
  start: string
  end: string
}

export function windowsOf(schedule: WorkerSleepSchedule | undefined): SleepWindow[] {
  if (!schedule) return [{ days: [...weekDays], start: '', end: '' }]
  const given = schedule.windows?.length ? schedule.windows : [schedule]
  return given.map((one) => ({
    days: daysOf(one.days_of_week),
    start: one.start_time,
    end: one.end_time,
  }))
}

/** No day named means every day. */
function daysOf(text: string): WeekDay[] {
  const named = text.toLowerCase().split(/\s+/)
  const days = weekDays.filter((day) => named.some((name) => name.slice(0, 2) === day))
  return days.length === 0 ? [...weekDays] : days
}

export function scheduleOf(
  isActive: boolean,
  windows: readonly SleepWindow[],
  zone: string | undefined,
): WorkerSleepSchedule {
  const written = windows.map((one) => ({
    days_of_week: one.days.length === weekDays.length ? '' : one.days.join(' '),
    start_time: one.start,
    end_time: one.end,
  }))
  const first = written[0] ?? { days_of_week: '', start_time: '', end_time: '' }
  return {
    is_active: isActive,
    ...first,
    ...(written.length > 1 ? { windows: written } : {}),
    ...(zone ? { time_zone: zone } : {}),
  }
}

/** Hours of the week (0 = Monday 00:00) that lie at least half in a window. */
export function asleepHours(windows: readonly SleepWindow[]): boolean[] {
  const hours = new Array<boolean>(168).fill(false)
  for (const one of windows) {
    const start = minutesOf(one.start) ?? 0
    const end = minutesOf(one.end) ?? 1440
    const length = end > start ? end - start : end + 1440 - start
    for (const day of one.days) {
      const from = weekDays.indexOf(day) * 1440 + start
      for (let minute = from + 30; minute <= from + length; minute += 60) {
        hours[Math.floor(minute / 60) % 168] = true
      }
    }
  }
  return hours
}

function minutesOf(time: string): number | undefined {
  const match = /^(\d\d?):(\d\d)/.exec(time)
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined
}
