import { useFarm } from './farm.tsx'
import { createRead, type Read } from './read.ts'
import type { Attention } from './wire.ts'

/** What needs a person; asked again when anything that could change it happens. */
export function createAttention(): Read<Attention> {
  const farm = useFarm()
  const attention = createRead<Attention>(() => '/farm/attention', {
    soonMs: 2000,
    everyMs: 30_000,
  })
  farm.on('job', () => attention.reloadSoon())
  farm.on('worker', () => attention.reloadSoon())
  farm.on('reset', attention.reload)
  return attention
}
