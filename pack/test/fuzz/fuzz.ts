import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Seed } from './seeds.ts'
import type { FuzzFailure, FuzzOrder } from './worker.ts'

export interface FuzzResult {
  opened: number
  refused: number
  failures: FuzzFailure[]
  /** What Node had to complain of, such as a descriptor closed twice. */
  warnings: string[]
}

const longestInputMs = 5000
const mostHeapMb = 256

/**
 * Traces damaged files in a thread that is watched: an input that takes more than five seconds, or more memory than a
 * trace may, fails with its number.
 */
export async function fuzz(seeds: Seed[], first: number, count: number): Promise<FuzzResult> {
  const dir = mkdtempSync(join(tmpdir(), 'farm-fuzz-'))
  const progress = new SharedArrayBuffer(4)
  const order: FuzzOrder = { dir, seeds, first, count, progress }
  const warnings: string[] = []
  const onWarning = (warning: Error): number => warnings.push(warning.message)
  process.on('warning', onWarning)
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: order,
    // Without this a descriptor that is closed twice would go unnoticed.
    trackUnmanagedFds: true,
    resourceLimits: { maxOldGenerationSizeMb: mostHeapMb },
  })
  try {
    const result = await new Promise<Omit<FuzzResult, 'warnings'>>((resolve, reject) => {
      const watch = watchProgress(new Int32Array(progress), reject)
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => {
        clearInterval(watch)
        reject(new Error('the worker ended without a word'))
      })
    })
    return { ...result, warnings }
  } finally {
    process.off('warning', onWarning)
    await worker.terminate()
    rmSync(dir, { recursive: true, force: true })
  }
}

function watchProgress(progress: Int32Array, reject: (error: Error) => void): NodeJS.Timeout {
  let [last, since] = [-1, Date.now()]
  return setInterval(() => {
    const now = Atomics.load(progress, 0)
    if (now !== last) [last, since] = [now, Date.now()]
    else if (Date.now() - since > longestInputMs * 2) reject(new Error(`input ${now + 1} hangs`))
  }, 500)
}

/**
 * {@link fuzz} in parts, whose memory goes when each is done, with a word on how it went.
 *
 * @param range numbers of the inputs: with the seeds they make the same bytes again
 */
export async function fuzzInParts(
  t: TestContext,
  seeds: Seed[],
  { first, count, part = 10_000 }: { first: number; count: number; part?: number },
): Promise<void> {
  let [opened, refused] = [0, 0]
  for (let at = first; at < first + count; at += part) {
    const result = await fuzz(seeds, at, Math.min(part, first + count - at))
    assertSound(result)
    opened += result.opened
    refused += result.refused
  }
  t.diagnostic(`inputs ${first} to ${first + count - 1}: ${opened} traced, ${refused} refused`)
}

/** Damage must be met often, and so must files that are still good enough to be followed. */
function assertSound({ opened, refused, failures, warnings }: FuzzResult): void {
  assert.deepEqual([...new Set(warnings)], [])
  assert.deepEqual(failures, [])
  assert.ok(opened > 0 && refused > 0, `${opened} opened, ${refused} refused`)
}
