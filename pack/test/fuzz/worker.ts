import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { tracePack } from '../../src/main.ts'
import { mutate } from './mutate.ts'
import type { Seed } from './seeds.ts'

/** What the worker is to do. */
export interface FuzzOrder {
  dir: string
  seeds: Seed[]
  first: number
  count: number
  /** Counts inputs, so that a watcher sees one that never ends. */
  progress: SharedArrayBuffer
}

/** An input on which something else happened than success or a told problem. */
export interface FuzzFailure {
  seed: string
  number: number
  message: string
}

const order = workerData as FuzzOrder
const progress = new Int32Array(order.progress)

async function run(): Promise<{ opened: number; refused: number; failures: FuzzFailure[] }> {
  const failures: FuzzFailure[] = []
  let [opened, refused] = [0, 0]
  for (let number = order.first; number < order.first + order.count; number += 1) {
    const seed = order.seeds[number % order.seeds.length]!
    const path = join(order.dir, 'input.blend')
    writeFileSync(path, mutate(Buffer.from(seed.bytes), number, seed.marks))
    try {
      const trace = await tracePack({ blend: path, all: number % 5 === 0 })
      JSON.stringify(trace.files)
      opened += 1
    } catch (error) {
      const { code } = error as { code?: string }
      if (code?.startsWith('BLEND_')) refused += 1
      else failures.push({ seed: seed.name, number, message: `${(error as Error).stack}` })
    }
    Atomics.store(progress, 0, number)
    if (failures.length >= 5) break
  }
  return { opened, refused, failures }
}

parentPort?.postMessage(await run())
