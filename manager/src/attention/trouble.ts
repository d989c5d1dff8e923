import type { AttentionItem } from '@shaman-farm/manager-api'

/** One cause of trouble. The key changes when the trouble does, so that what was acknowledged before is told again. */
export type Trouble = Omit<AttentionItem, 'acknowledged' | 'id'> & { key: string }

export const dayMs = 24 * 3_600_000

/** `1 worker runs`, `3 workers run`: for titles. */
export function counted(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

export function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`
}
