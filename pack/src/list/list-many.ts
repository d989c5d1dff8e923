import { on } from 'node:events'
import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { CodedError } from '@shaman-farm/terminal/coded-error'
import { PackError } from '../errors.ts'
import { type Listing, type ListOptions, listFile } from './list.ts'
import type { Answer } from './list-worker.ts'

/** A .blend with what is to be printed for it, or why it can't be listed. */
export type Listed =
  | { readonly blend: string; readonly listing: Listing }
  | { readonly blend: string; readonly problem: CodedError }

/** Who lists the files. */
export interface Crew {
  /** Most threads, this one among them. Default: as many as there are cores. */
  threads?: number
  /** Further threads start once more milliseconds of work than these seem to be left. */
  worthMs?: number
}

type List = (blend: string) => Promise<Listing>

// A thread loads and compiles all code anew, and its first files are slow. A hundred small files took 0.46 s in one
// thread and 0.57 s in two; at three hundred it came to the same.
const worthAThreadMs = 1000

/** What running our code for the first time takes; it tells nothing of the files to come. */
const warmUpMs = 150

/**
 * Lists files, each in its turn; what takes long is traced in several threads, this one among them. One that can't be
 * read holds up none of the others.
 */
export async function* listMany(
  files: readonly string[],
  options: ListOptions,
  { threads = availableParallelism(), worthMs = worthAThreadMs }: Crew = {},
): AsyncGenerator<Listed> {
  const listings = files.map(() => Promise.withResolvers<Listed>())
  // Whoever reads stops at the first defect of ours; the others must not count as unhandled.
  for (const { promise } of listings) promise.catch(() => {})
  const workers: Worker[] = []
  const started = performance.now()
  let next = 0
  let isStopped = false
  const lane = async (list: List): Promise<void> => {
    while (next < files.length && !isStopped) {
      const index = next++
      await listed(files[index]!, list).then(listings[index]!.resolve, listings[index]!.reject)
    }
  }
  const startMoreLanes = (): void => {
    const left = files.length - next
    const msLeft = ((performance.now() - started - warmUpMs) / Math.max(1, next)) * left
    if (workers.length > 0 || isStopped || msLeft < worthMs) return
    workers.push(...Array.from({ length: Math.min(threads - 1, left) }, () => startWorker(options)))
    for (const worker of workers) void lane((blend) => ask(worker, blend))
  }
  void lane((blend) => {
    startMoreLanes()
    return listFile(blend, options)
  })
  try {
    for (const { promise } of listings) yield await promise
  } finally {
    isStopped = true
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

async function listed(blend: string, list: List): Promise<Listed> {
  try {
    return { blend, listing: await list(blend) }
  } catch (problem) {
    if (problem instanceof CodedError) return { blend, problem }
    throw problem
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
  const answers = on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[Answer]>
  worker.postMessage(blend)
  for await (const [answer] of answers) return listingOf(answer)
  throw new Error('A thread ended without an answer')
}

function listingOf(answer: Answer): Listing {
  if ('listing' in answer) return answer.listing
  const { code, message, detail, hint } = answer.problem
  if (code === undefined) throw new Error(message)
  throw new PackError(code, message, { detail, ...(hint === undefined ? {} : { hint }) })
}
