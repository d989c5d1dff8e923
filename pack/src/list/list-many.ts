import { once } from 'node:events'
import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { PackError } from '../errors.ts'
import { type Listing, type ListOptions, listFile } from './list.ts'
import type { Answer } from './list-worker.ts'

// A thread starts in the time that thirty small files take.
const filesPerThread = 32

/** Lists files, each in its turn; many are traced in several threads, this one among them. */
export async function* listMany(
  files: readonly string[],
  options: ListOptions,
  threads = Math.min(availableParallelism(), Math.ceil(files.length / filesPerThread)),
): AsyncGenerator<Listing> {
  const listings = files.map(() => Promise.withResolvers<Listing>())
  // Whoever reads stops at the first that fails; the others must not count as unhandled.
  for (const { promise } of listings) promise.catch(() => {})
  let next = 0
  let isStopped = false
  const lane = async (list: (blend: string) => Promise<Listing>): Promise<void> => {
    while (next < files.length && !isStopped) {
      const index = next++
      await list(files[index]!).then(listings[index]!.resolve, listings[index]!.reject)
    }
  }
  const workers = Array.from({ length: threads - 1 }, () => startWorker(options))
  void lane((blend) => listFile(blend, options))
  for (const worker of workers) void lane((blend) => ask(worker, blend))
  try {
    for (const { promise } of listings) yield await promise
  } finally {
    isStopped = true
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function startWorker(options: ListOptions): Worker {
  const NODE_COMPILE_CACHE = getCompileCacheDir()
  return new Worker(new URL('./list-worker.ts', import.meta.url), {
    workerData: options,
    ...(NODE_COMPILE_CACHE ? { env: { ...process.env, NODE_COMPILE_CACHE } } : {}),
  })
}

async function ask(worker: Worker, blend: string): Promise<Listing> {
  worker.postMessage(blend)
  const [answer] = (await once(worker, 'message')) as [Answer]
  if ('listing' in answer) return answer.listing
  const { code, message, detail, hint } = answer.problem
  throw new PackError(code, message, { detail, ...(hint === undefined ? {} : { hint }) })
}
