import type { Logger } from 'pino'
import type { Shaman } from '../shaman.ts'

/** When a store is looked after by itself. */
export interface RegularCare {
  /** How often blobs are collected by age; 0 = never. Default a day, as Flamenco. */
  everyMs?: number
  /** Age of unused blobs that go. Default 31 days, as Flamenco. */
  maxAgeMs?: number
  /** Collect early, the longest unused first, when less than this is free. Default: never. */
  softFreeBytes?: number
  /** How long collected blobs stay in the trash. Default a day. */
  trashMs?: number
  /** How often to look. Default a minute. */
  lookEveryMs?: number
  log?: Logger
}

const day = 24 * 3600 * 1000
const partialLifeMs = 7 * day
const firstAfterMs = 30_000

/**
 * Collects by age and under pressure, empties the trash, drops abandoned uploads and keeps a record of the store's size, until the
 * returned function is called.
 */
export function collectRegularly(shaman: Shaman, care: RegularCare = {}): () => Promise<void> {
  const { everyMs = day, trashMs = day, lookEveryMs = 60_000, softFreeBytes } = care
  const log = care.log ?? shaman.log
  let nextByAge = shaman.now() + Math.min(firstAfterMs, everyMs)
  let running: Promise<void> = Promise.resolve()
  let isBusy = false

  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    running = look()
      .catch((error: unknown) => log.warn({ err: error }, 'store not looked after'))
      .finally(() => {
        isBusy = false
      })
  }, lookEveryMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }

  async function look(): Promise<void> {
    await shaman.ready
    // A full volume takes no record, and is what a collection is for.
    await shaman.sizes
      .keep()
      .catch((error: unknown) => log.warn({ err: error }, 'size not recorded'))
    if (softFreeBytes !== undefined && (await shaman.space.available()) < softFreeBytes) {
      await collect({ targetFreeBytes: softFreeBytes })
      // Under pressure the trash is what frees space; an hour is left to undo.
      await shaman.gc.emptyTrash(Math.min(trashMs, 3600 * 1000))
    }
    if (everyMs === 0 || shaman.now() < nextByAge) return
    nextByAge = shaman.now() + everyMs
    await collect(care.maxAgeMs === undefined ? {} : { maxAgeMs: care.maxAgeMs })
    await shaman.gc.emptyTrash(trashMs)
    await shaman.partials.sweep(partialLifeMs)
  }

  async function collect(request: { maxAgeMs?: number; targetFreeBytes?: number }): Promise<void> {
    const plan = await shaman.gc.plan(request)
    if (plan.removed.blobs === 0) return
    // So much at once is a person's decision.
    if (plan.warning) return log.warn({ plan: plan.id, removed: plan.removed }, plan.warning)
    await shaman.gc.apply(plan.id)
  }
}
