import { createThreads, type Threads } from '../../src/blobs/threads.ts'

export const threadCalls = [
  'openSync',
  'writeSync',
  'closeSync',
  'mkdirSync',
  'symlinkSync',
  'readSync',
  'lstatSync',
  'renameSync',
] as const
export type ThreadCall = (typeof threadCalls)[number]
export const errnos = ['ENOSPC', 'EIO', 'EMFILE', 'ESTALE'] as const

/** Places in the memory that the test and its threads share. */
export const control = { call: 0, errno: 1, left: 2, struck: 3, short: 4, skip: 5 }

export interface FaultyThreads extends Threads {
  /** Makes the next such call of any thread fail, or fall short; `skip` lets some pass before. */
  inject(fault: {
    call: ThreadCall
    errno?: (typeof errnos)[number]
    short?: boolean
    times?: number
    skip?: number
  }): void
  struck(): number
}

/** The store's own threads, whose file-system calls can be made to fail. */
export function createFaultyThreads(): FaultyThreads {
  const memory = new Int32Array(new SharedArrayBuffer(4 * Object.keys(control).length))
  const threads = createThreads({
    script: new URL('faulty-write-worker.ts', import.meta.url),
    workerData: memory,
  })
  return {
    ...threads,
    inject({ call, errno = 'EIO', short = false, times = 1, skip = 0 }) {
      Atomics.store(memory, control.left, 0)
      Atomics.store(memory, control.call, threadCalls.indexOf(call))
      Atomics.store(memory, control.errno, errnos.indexOf(errno))
      Atomics.store(memory, control.short, short ? 1 : 0)
      Atomics.store(memory, control.skip, skip)
      Atomics.store(memory, control.struck, 0)
      Atomics.store(memory, control.left, times)
    },
    struck: () => Atomics.load(memory, control.struck),
  }
}
