import { FarmError } from '../problems.ts'

/** When a worker sleeps: on these days (of the window's beginning; none means every day), from start to end. */
export interface SleepWindow {
  days: ReadonlySet<string>
  /** Minutes since midnight. An end at or before the start lies in the next day. */
  start: number
  end: number
}

export interface LocalTime {
  /** `mo`, `tu`, ... */
  day: string
  dayBefore: string
  minutes: number
}

const days = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'] as const
const dayMinutes = 24 * 60

export function parseWindow(window: {
  days_of_week: string
  start_time: string
  end_time: string
}): SleepWindow {
  const named = window.days_of_week
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
  const wrong = named.find((name) => !(days as readonly string[]).includes(name.slice(0, 2)))
  if (wrong !== undefined) {
    throw new FarmError('BAD_REQUEST', `"${wrong}" is no day of the week`, {
      hint: 'Days are written mo tu we th fr sa su, with spaces between.',
    })
  }
  return {
    days: new Set(named.map((name) => name.slice(0, 2))),
    start: parseTime(window.start_time) ?? 0,
    end: parseTime(window.end_time) ?? dayMinutes,
  }
}

/** Whether a moment lies in the window; the part after midnight belongs to the day it began on. */
export function isWithin({ days: on, start, end }: SleepWindow, time: LocalTime): boolean {
  const isDay = (day: string): boolean => on.size === 0 || on.has(day)
  if (start < end) return isDay(time.day) && time.minutes >= start && time.minutes < end
  return (isDay(time.day) && time.minutes >= start) || (isDay(time.dayBefore) && time.minutes < end)
}

/** @param zone an IANA name; empty is the manager's own */
export function localTime(now: number, zone: string): LocalTime {
  const parts = Object.fromEntries(
    formatter(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  )
  const day = parts.weekday!.slice(0, 2).toLowerCase()
  const index = (days as readonly string[]).indexOf(day)
  return {
    day,
    dayBefore: days[(index + 6) % 7]!,
    minutes: (Number(parts.hour) % 24) * 60 + Number(parts.minute),
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string): Intl.DateTimeFormat {
  let known = formatters.get(zone)
  if (!known) {
    known = new Intl.DateTimeFormat('en-US', {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hour12: false,
      ...(zone ? { timeZone: zone } : {}),
    })
    formatters.set(zone, known)
  }
  return known
}

function parseTime(text: string): number | undefined {
  if (text === '') return undefined
  const found = /^(\d{1,2}):(\d{2})(?::\d{2})?$/.exec(text.trim())
  const hours = Number(found?.[1])
  const minutes = Number(found?.[2])
  if (!found || hours > 24 || minutes > 59 || hours * 60 + minutes > dayMinutes) {
    throw new FarmError('BAD_REQUEST', `"${text}" is no time of day`, {
      hint: 'Times are written HH:MM, or left empty for the edge of the day.',
    })
  }
  return hours * 60 + minutes
}
