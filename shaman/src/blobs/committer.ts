import { setTimeout as sleep } from 'node:timers/promises'
import { type Digest, digestKey } from '../digest.ts'
import { type Disk, nextTurn, removeQuietly } from '../disk.ts'
import { ShamanError } from '../errors.ts'
import type { Layout } from '../layout.ts'
import { isHeldOpen, mostTries, pauseAfter } from '../patience.ts'
import type { Durability, Syncer } from '../sync.ts'
import { outcomeOf, type PutOutcome, type PutResult } from './blob-store.ts'
import { createNamer, type VerifiedFile } from './namer.ts'
import type { Threads } from './threads.ts'

/**
 * Publishes verified temp files: data durable, then the name, then the directory, then the index, then the answer.
 * Blobs that arrive while the volume is being synced share the next sync (group commit).
 */
export interface Committer {
  /** Takes over verified temp files; each is renamed into the store or removed. Resolves in their order; never rejects. */
  commit(files: readonly VerifiedFile[]): Promise<PutResult[]>
  /** Makes the name of a blob durable that was put in its place by other means. */
  adopt(digest: Digest): Promise<PutOutcome>
  /**
   * Whether a blob is being given its name, or has it but is not durable yet. Meanwhile nobody else may rename from or to its place.
   */
  isSettling(digest: Digest): boolean
  /** Resolves when all that was handed over is durable or has failed. */
  idle(): Promise<void>
}

interface Pending extends VerifiedFile {
  outcome: PutOutcome
  /** How often its temp file was found held open by another program. */
  heldOpen: number
  answer: Answer
  /** Its place among those that are answered together. */
  place: number
}

/** One promise for many files: with one for each, ten thousand small ones kept the collector busy. */
interface Answer {
  results: PutResult[]
  open: number
  resolve(results: PutResult[]): void
}

/** A blob that became durable, or was found to be. */
export interface StoredBlob {
  readonly digest: Digest
  /** The verified file that became it; empty for one that was put in its place by other means. */
  readonly temp: string
  readonly outcome: PutOutcome
}

interface CommitterParts {
  layout: Layout
  disk: Disk
  syncer: Syncer
  durability: Durability
  threads?: Threads | undefined
  isAbsent?(digest: Digest): boolean
  /** Called with each group once it is durable, before anyone is answered. */
  onStored(blobs: readonly StoredBlob[]): Promise<void>
}

const groupLength = 4096
// While there is nothing but what another program holds open.
const lookEveryMs = 10

/** Creates the committer of a store. */
export function createCommitter(parts: CommitterParts): Committer {
  const { layout, disk, syncer, durability, onStored } = parts
  const written: Pending[] = []
  let named: Pending[] = []
  const namer = createNamer(parts)
  const settling = new Map<string, number>()
  let postponed = 0
  let isRunning = false
  let idle: Promise<void> = Promise.resolve()

  return {
    commit: (files) => enter(written, files),
    async adopt(digest) {
      hold(digest)
      return outcomeOf((await enter(named, [{ digest, temp: '' }]))[0]!)
    },
    isSettling: (digest) => settling.has(digestKey(digest)),
    idle: () => idle,
  }

  function enter(queue: Pending[], files: readonly VerifiedFile[]): Promise<PutResult[]> {
    return new Promise((resolve) => {
      if (files.length === 0) return resolve([])
      const answer: Answer = { results: [], open: files.length, resolve }
      for (let place = 0; place < files.length; place += 1) {
        const { digest, temp } = files[place]!
        queue.push({ digest, temp, outcome: 'stored', heldOpen: 0, answer, place })
      }
      start()
    })
  }

  function start(): void {
    if (isRunning) return
    isRunning = true
    idle = run()
  }

  async function run(): Promise<void> {
    // One turn, so that what arrives together is synced together.
    await nextTurn()
    try {
      while (written.length > 0 || named.length > 0 || postponed > 0) {
        if (written.length > 0 || named.length > 0) await cycle()
        else await sleep(lookEveryMs)
      }
    } finally {
      // In the turn of the last look: what comes after starts a new run.
      isRunning = false
    }
  }

  // The directories of the last group and the data of the next share one sync: a group is answered after two.
  async function cycle(): Promise<void> {
    const group = written.splice(0, groupLength)
    const previous = named
    named = []
    const synced = await trySync(group, previous)
    if (!synced.ok) {
      for (const pending of previous) settle(pending)
      for (const pending of group) removeQuietly(disk, pending.temp)
      for (const pending of [...previous, ...group]) tell(pending, synced.error)
      return
    }
    await finish(previous)
    await giveNames(group)
  }

  async function trySync(
    group: readonly Pending[],
    previous: readonly Pending[],
  ): Promise<{ ok: true } | { ok: false; error: Error }> {
    if (durability !== 'full') return { ok: true }
    try {
      await syncer.sync(
        group.map((pending) => pending.temp),
        directoriesOf(previous),
      )
      return { ok: true }
    } catch (cause) {
      const error = new ShamanError('STORE_FAULT', 'the storage could not make an upload durable', {
        detail: { errno: (cause as { code?: unknown }).code },
        hint: 'Look at the health of the storage volume; what was sent has to be sent again.',
        cause,
      })
      return { ok: false, error }
    }
  }

  function directoriesOf(pendings: readonly Pending[]): string[] {
    const dirs = new Set<string>()
    for (const { digest } of pendings) for (const dir of layout.dirsOf(digest)) dirs.add(dir)
    return [...dirs]
  }

  async function finish(pendings: readonly Pending[]): Promise<void> {
    if (pendings.length === 0) return
    try {
      await onStored(pendings)
      for (const pending of pendings) tell(pending, pending.outcome)
    } catch (error) {
      for (const pending of pendings) tell(pending, error as Error)
    } finally {
      for (const pending of pendings) settle(pending)
    }
  }

  async function giveNames(group: readonly Pending[]): Promise<void> {
    const first: Pending[] = []
    const rivals: Pending[] = []
    for (const pending of group) (hold(pending.digest) ? first : rivals).push(pending)
    const results = await namer.name(first)
    for (let i = 0; i < first.length; i += 1) takeName(first[i]!, results[i]!)
    // Of two that are the same blob, the second finds the first.
    for (const rival of rivals) takeName(rival, (await namer.name([rival]))[0]!)
  }

  function takeName(pending: Pending, result: PutResult): void {
    if (!(result instanceof Error)) {
      pending.outcome = result
      named.push(pending)
      return
    }
    settle(pending)
    if (isHeldOpen(result) && pending.heldOpen < mostTries) postpone(pending)
    else {
      removeQuietly(disk, pending.temp)
      tell(pending, result)
    }
  }

  // Its neighbours do not wait for it.
  function postpone(pending: Pending): void {
    pending.heldOpen += 1
    postponed += 1
    setTimeout(() => {
      postponed -= 1
      written.push(pending)
    }, pauseAfter(pending.heldOpen))
  }

  /** Whether nobody else holds it. */
  function hold(digest: Digest): boolean {
    const key = digestKey(digest)
    const others = settling.get(key) ?? 0
    settling.set(key, others + 1)
    return others === 0
  }

  function settle({ digest }: { digest: Digest }): void {
    const key = digestKey(digest)
    const count = settling.get(key) ?? 0
    if (count > 1) settling.set(key, count - 1)
    else settling.delete(key)
  }
}

function tell({ answer, place }: Pending, result: PutResult): void {
  answer.results[place] = result
  answer.open -= 1
  if (answer.open === 0) answer.resolve(answer.results)
}
