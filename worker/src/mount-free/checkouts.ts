import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { digestKey } from '@shaman-farm/shaman/digest'
import type { Logger } from 'pino'
import type { BlobCache } from './blob-cache.ts'
import { currentBoot, isSameBoot, noteBoot } from './boot.ts'
import { type CheckoutFile, materialise } from './materialise.ts'
import type { Store } from './store.ts'

/** Checkouts kept beside the one at work, for jobs that take turns. */
const keptCheckouts = 8

/** The trees of checkouts, made here from the cache. */
export interface Checkouts {
  /**
   * Resolves when the tree is there whole; its blobs stay until released. For the next task of the same job nothing is
   * asked or looked at again, as long as nobody else needs the room.
   */
  bring(checkoutId: string, options: BringOptions & { jobId: string }): Promise<BroughtCheckout>
  /** Brings what the worker is likely to need after this checkout, until that or another is asked for. Never fails. */
  prefetchAfter(checkoutId: string): void
  close(): Promise<void>
}

export interface BringOptions {
  signal: AbortSignal
  /** A line for the task's log. */
  tell: (line: string) => void
}

export interface BroughtCheckout {
  dir: string
  release(): void
}

export interface CheckoutsOptions {
  home: string
  cache: BlobCache
  shaman: Store
  client: WorkerClient
  authorization: string
  log: Logger
}

interface Prefetch {
  checkoutId?: string
  abort: AbortController
  done: Promise<void>
  isOver: boolean
}

export function createCheckouts(options: CheckoutsOptions): Checkouts {
  const { client, log } = options
  const trees = createTrees(options)
  const stopListening = options.cache.onShortage(async () => {
    if (!latest?.isAtWork) forgetLatest()
    await trees.prune(0)
  })
  let latest: { jobId: string; brought: BroughtCheckout; isAtWork: boolean } | undefined
  let ahead: Prefetch | undefined

  async function prefetch(current: string, task: Prefetch): Promise<void> {
    const { signal } = task.abort
    const answer: { status: number; body: unknown } = await client.request('farmWorkerUpcoming', {
      signal,
    })
    // Flamenco's manager does not know this path.
    if (answer.status !== 200) return
    const { checkouts } = answer.body as { checkouts: string[] }
    for (const checkoutId of checkouts.filter((id) => id !== current)) {
      task.checkoutId = checkoutId
      const tell = (line: string): void => log.info({ checkout: checkoutId }, `ahead: ${line}`)
      // Not held on to: it is what was used last, and must not take the room of a task at work.
      ;(await trees.bring(checkoutId, { signal, tell })).release()
    }
  }

  /** What is under way for the same checkout is waited for, anything else has to give way. */
  async function endPrefetch(checkoutId?: string): Promise<void> {
    if (!ahead) return
    if (ahead.checkoutId !== checkoutId) ahead.abort.abort(new Error('another checkout is needed'))
    await ahead.done
    ahead = undefined
  }

  function forgetLatest(): void {
    latest?.brought.release()
    latest = undefined
  }

  async function bringLatest(
    checkoutId: string,
    { jobId, ...given }: BringOptions & { jobId: string },
  ): Promise<NonNullable<typeof latest>> {
    if (latest?.jobId === jobId && (await exists(latest.brought.dir))) return latest
    forgetLatest()
    await endPrefetch(checkoutId)
    given.signal.throwIfAborted()
    const brought = await trees.bring(checkoutId, given)
    return { jobId, brought, isAtWork: false }
  }

  return {
    async bring(checkoutId, given) {
      const current = await bringLatest(checkoutId, given)
      latest = current
      current.isAtWork = true
      const release = (): void => {
        current.isAtWork = false
      }
      return { dir: current.brought.dir, release }
    },
    prefetchAfter(checkoutId) {
      if (ahead?.isOver === false) return
      const task: Prefetch = {
        abort: new AbortController(),
        done: Promise.resolve(),
        isOver: false,
      }
      ahead = task
      task.done = prefetch(checkoutId, task)
        .catch((error: unknown) => {
          if (!task.abort.signal.aborted) log.debug({ err: error }, 'not fetched ahead')
        })
        .finally(() => {
          task.isOver = true
        })
    },
    async close() {
      stopListening()
      await endPrefetch()
      forgetLatest()
    },
  }
}

interface Trees {
  bring(checkoutId: string, options: BringOptions): Promise<BroughtCheckout>
  /** Removes those that nobody is at work in, but for so many of the latest. */
  prune(keep: number): Promise<void>
}

function createTrees({ home, shaman, cache, authorization }: CheckoutsOptions): Trees {
  const root = join(home, 'checkouts')
  dropThoseBeforeBoot(root, join(home, 'boot'))
  const inUse = new Map<string, number>()
  const use = (dir: string, change: 1 | -1): void => {
    inUse.set(dir, (inUse.get(dir) ?? 0) + change)
    if (inUse.get(dir) === 0) inUse.delete(dir)
  }

  async function prune(keep: number): Promise<void> {
    const names = await readdir(root).catch(() => [])
    const dated = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(root, name))).mtimeMs })),
    )
    for (const { name } of dated.sort((a, b) => b.at - a.at).slice(keep)) {
      const isAtWork = inUse.has(basename(name, '.staging'))
      if (!isAtWork) await rm(join(root, name), { recursive: true, force: true })
    }
  }

  async function bring(
    checkoutId: string,
    { signal, tell }: BringOptions,
  ): Promise<BroughtCheckout> {
    const started = performance.now()
    const { files } = await shaman.manifest(checkoutId, { signal })
    const name = nameOf(checkoutId, files)
    const dir = join(root, name)
    use(name, 1)
    const letGo = (): void => use(name, -1)
    try {
      const hold = await cache.hold(files, { signal, authorization })
      try {
        // With its blobs held, a tree that is there is a whole one: it appears by rename.
        const strategy = (await exists(dir)) ? 'kept' : await materialise(files, hold, dir)
        await utimes(dir, new Date(), new Date())
        await prune(keptCheckouts)
        const ms = Math.round(performance.now() - started)
        const fetched = `${hold.fetchedBytes} bytes fetched, ${ms} ms`
        tell(`checkout of ${files.length} files (${strategy}), ${fetched}`)
        return { dir, release: once(() => [hold.release(), letGo()]) }
      } catch (error) {
        hold.release()
        throw error
      }
    } catch (error) {
      letGo()
      throw error
    }
  }
  return { bring, prune }
}

/** What a power cut left may have names without bytes; made again in a moment, it is not looked at. */
function dropThoseBeforeBoot(root: string, note: string): void {
  const boot = currentBoot()
  if (isSameBoot(note, boot)) return
  rmSync(root, { recursive: true, force: true })
  noteBoot(note, boot)
}

function once(act: () => unknown): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}

/** By what is in it too: a name may be given again once its checkout is deleted. */
function nameOf(checkoutId: string, files: readonly CheckoutFile[]): string {
  const hash = createHash('sha256').update(checkoutId)
  for (const file of files) hash.update(`\0${file.path}\0${digestKey(file)}`)
  return hash.digest('hex')
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
