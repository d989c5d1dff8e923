import { open, readFile, rename } from 'node:fs/promises'
import type { Logger } from 'pino'
import { isCode } from '../errors.ts'
import type { Layout } from '../layout.ts'

/** How large a store was; bytes. */
export interface SizeSample {
  /** In ms since 1970. */
  at: number
  bytes: number
  referencedBytes: number
  /** What uploads could still take. */
  freeBytes: number
}

/** A store's size over time. */
export interface SizeHistory {
  samples: SizeSample[]
  /** Days until nothing is free if it goes on as in the last 30; absent when it does not shrink, or is known for less than 3. */
  daysToFull?: number
}

/** The record of a store's size: a sample a day, for a little more than a year. */
export interface Sizes {
  /** Writes today's sample if there is none. */
  keep(): Promise<void>
  /** The samples so far, and now. */
  history(): Promise<SizeHistory>
}

const day = 24 * 3600 * 1000
const mostSamples = 400
const fitMs = 30 * day
const leastFitMs = 3 * day
// A forecast of ten years is none.
const farthestDays = 3650

/** The record kept in `file-store/sizes.json`: it cannot be made again from anything else, so it lies with the blobs. */
export function keepSizes(parts: {
  layout: Layout
  stats: () => Promise<Omit<SizeSample, 'at'>>
  now: () => number
  log: Logger
}): Sizes {
  const { layout, now, log } = parts
  let known: Promise<SizeSample[]> | undefined
  const samples = (): Promise<SizeSample[]> => {
    known ??= readSamples(layout.sizes, log)
    return known
  }

  return {
    async keep() {
      const before = await samples()
      if (dayOf(before.at(-1)?.at ?? 0) >= dayOf(now())) return
      const after = [...before, await sampleNow()].slice(-mostSamples)
      await writeSamples(layout.sizes, after)
      known = Promise.resolve(after)
    },
    async history() {
      const all = [...(await samples()), await sampleNow()]
      const daysToFull = daysUntilFull(all)
      return { samples: all, ...(daysToFull !== undefined && { daysToFull }) }
    },
  }

  async function sampleNow(): Promise<SizeSample> {
    const { bytes, referencedBytes, freeBytes } = await parts.stats()
    return { at: now(), bytes, referencedBytes, freeBytes }
  }
}

/** The line through the free bytes of the last 30 days, followed from what is free now until nothing is. */
export function daysUntilFull(samples: readonly SizeSample[]): number | undefined {
  const last = samples.at(-1)
  if (!last) return undefined
  const recent = samples.filter(({ at }) => at >= last.at - fitMs)
  if (last.at - recent[0]!.at < leastFitMs) return undefined
  const meanAt = mean(recent.map(({ at }) => at))
  const meanFree = mean(recent.map(({ freeBytes }) => freeBytes))
  let both = 0
  let square = 0
  for (const { at, freeBytes } of recent) {
    both += (at - meanAt) * (freeBytes - meanFree)
    square += (at - meanAt) ** 2
  }
  const days = Math.max(0, last.freeBytes) / -((both / square) * day)
  return days >= 0 && days <= farthestDays ? Math.round(days) : undefined
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length
}

function dayOf(ms: number): number {
  return Math.floor(ms / day)
}

async function readSamples(file: string, log: Logger): Promise<SizeSample[]> {
  try {
    const { samples } = JSON.parse(await readFile(file, 'utf8')) as { samples: SizeSample[] }
    return samples.slice(-mostSamples)
  } catch (error) {
    // It is told to people and decides nothing: a store is not refused for it.
    if (!isCode(error, 'ENOENT')) log.warn({ err: error, file }, 'sizes unreadable, begun anew')
    return []
  }
}

async function writeSamples(file: string, samples: readonly SizeSample[]): Promise<void> {
  const temp = `${file}.tmp`
  const handle = await open(temp, 'w')
  try {
    await handle.writeFile(`${JSON.stringify({ samples })}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temp, file)
}
