export { formatBytes } from '@shaman-farm/terminal/format'

/** `840 ms`, `12.3s`, `1m 52s`, `2h 03m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)}s`
  const seconds = Math.round(ms / 1000)
  const pad = (n: number): string => String(n).padStart(2, '0')
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3600)}h ${pad(Math.floor(seconds / 60) % 60)}m`
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3600) % 24}h`
}

/** How long ago, in one unit: `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`. */
export function formatAgo(then: number, now: number): string {
  const span = formatSpan(Math.max(0, now - then))
  return span === 'now' ? span : `${span} ago`
}

export function formatSpan(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `1 file`, `1,204 files`. */
export function formatCount(n: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(n)} ${n === 1 ? noun : plural}`
}

const grouped = new Intl.NumberFormat('en')

export function formatNumber(n: number): string {
  return grouped.format(n)
}

export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return '0 %'
  const percent = (100 * part) / whole
  // 99.96 must not read as "100 %" while something is missing.
  const rounded = part < whole ? Math.min(99.9, percent) : percent
  return `${rounded.toFixed(rounded < 10 || rounded > 99 ? (Number.isInteger(rounded) ? 0 : 1) : 0)} %`
}

const clockTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

export function formatClock(time: number): string {
  return clockTime.format(time)
}

export function formatMoment(time: number): string {
  return fullTime.format(time)
}

/** A short form of an id or digest that a person can still compare by eye. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}
