import { formatSpan } from './format.ts'
import type { Eta } from './wire.ts'

/** `14–21 min`: between which two the end most likely is. */
export function tellEta(eta: Eta | undefined): string {
  if (!eta) return '–'
  const low = formatSpan(eta.low_s * 1000)
  const high = formatSpan(eta.high_s * 1000)
  if (low === high) return low === 'now' ? 'seconds' : low
  const [number, unit] = low.split(' ')
  return high.endsWith(` ${unit}`)
    ? `${number}–${high}`
    : `${low === 'now' ? '0 s' : low} – ${high}`
}
