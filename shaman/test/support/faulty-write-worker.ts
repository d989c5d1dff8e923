import fs from 'node:fs'
import { workerData } from 'node:worker_threads'
import { control, errnos, threadCalls } from './faulty-threads.ts'

// First the thread's code, as loading it goes through the same calls; it looks them up when it makes them.
await import('../../src/blobs/write-worker.ts')

const memory = workerData as Int32Array

function strikes(call: number): boolean {
  if (Atomics.load(memory, control.call) !== call) return false
  if (Atomics.load(memory, control.left) <= 0) return false
  if (Atomics.sub(memory, control.skip, 1) > 0) return false
  if (Atomics.sub(memory, control.left, 1) <= 0) return false
  Atomics.add(memory, control.struck, 1)
  return true
}

for (const [i, call] of threadCalls.entries()) {
  const real = fs[call] as (...given: unknown[]) => unknown
  const faulty = (...given: unknown[]): unknown => {
    if (!strikes(i)) return real(...given)
    if (Atomics.load(memory, control.short) === 1) {
      const [fd, bytes, offset] = given as [number, Uint8Array, number]
      return fs.writevSync(fd, [bytes.subarray(offset, offset + 1)])
    }
    const code = errnos[Atomics.load(memory, control.errno)]
    throw Object.assign(new Error(`${code}: injected, ${call}`), { code })
  }
  Object.assign(fs, { [call]: faulty })
}
