import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { allEnded } from '../all-ended.ts'
import type { UploadsInFlight } from '../blobs/uploads-in-flight.ts'
import type { Unverified } from '../care/unverified.ts'
import type { Claims } from '../claims.ts'
import { type Digest, plainDigest } from '../digest.ts'
import { isCode, ShamanError } from '../errors.ts'
import {
  canonicalFiles,
  distinctDigests,
  type Manifest,
  type ManifestFile,
  requestOf,
} from '../manifest.ts'
import { checkCheckoutPath } from '../paths.ts'
import type { Protection } from '../protection.ts'
import type { Watch } from '../watches.ts'
import type { CheckoutSummary } from './catalog.ts'
import { createPublisher, type PublisherParts, stagingName } from './publish.ts'

/** Manifests made into directories, as transactions. */
export interface Checkouts {
  /** Makes a checkout; another one of the same name gets a suffix. Nothing is visible before it is whole and durable. */
  create(request: CheckoutRequest): Promise<CheckoutSummary>
  /**
   * Removes a checkout, also one made by Flamenco or by hand (then nothing is known of it to return). `CHECKOUT_MISSING`
   * when there is none, `CHECKOUT_PINNED` while it is pinned.
   */
  erase(path: string): Promise<CheckoutSummary | undefined>
  pin(path: string, pinned: boolean): Promise<CheckoutSummary>
  get(path: string): CheckoutSummary | undefined
  manifest(path: string): Promise<Manifest>
  list(): CheckoutSummary[]
}

/** A checkout asked for. */
export interface CheckoutRequest {
  /** Wanted path under `jobs/`. */
  path: string
  files: readonly ManifestFile[]
  /**
   * The client's own name for this request. When the same comes again, as after a lost answer, the checkout that it made is
   * returned, also after a restart, as long as that is there.
   */
  key?: string | undefined
  /** Who asks, when what it has claimed is still on its way: then that is waited for as well. */
  sender?: string
  /** How long to wait for uploads before missing files fail the checkout. */
  waitMs?: number
}

/** What {@link createCheckouts} works with. */
export interface CheckoutParts extends PublisherParts {
  protection: Protection
  inFlight: UploadsInFlight
  claims: Claims
  unverified: Unverified
  log: Logger
  now: () => number
  /** Takes a blob back out of the trash. */
  restore(digest: Digest): boolean
  /** Starts noting what is stored. */
  watchArrivals(): Watch
  onMissing(digests: readonly Digest[]): Promise<void>
}

interface Making {
  path: string
  files: readonly ManifestFile[]
  sender: string
  waitMs: number
  request?: string
}

const defaultWaitMs = 60_000

/** Creates the checkouts of a store. */
export function createCheckouts(parts: CheckoutParts): Checkouts {
  const { store, catalog, protection, durability, log } = parts
  const { layout, disk } = store
  const publishCheckout = createPublisher(parts)

  const beingMade = new Map<string, Promise<CheckoutSummary>>()

  return {
    async create({ key, sender = '', waitMs = defaultWaitMs, ...asked }) {
      const path = checkCheckoutPath(asked.path)
      const files = canonicalFiles(asked.files)
      if (key === undefined) return await make({ path, files, sender, waitMs })
      const request = requestOf(key, path, files)
      const known = beingMade.get(request) ?? catalog.madeBy(request)
      if (known) return await known
      const making = make({ path, files, sender, waitMs, request })
      beingMade.set(request, making)
      return await making.finally(() => beingMade.delete(request))
    },
    async erase(path) {
      const wanted = checkCheckoutPath(path)
      const summary = catalog.get(wanted)
      if (summary?.pinned) {
        throw new ShamanError('CHECKOUT_PINNED', `the checkout ${path} is pinned`, {
          hint: 'Unpin it first.',
          detail: { path },
        })
      }
      if (!summary) requireForeign(wanted)
      if (summary) await catalog.remove(summary.seq)
      const grave = `${layout.jobs}/${stagingName()}-erased`
      moveAway(wanted, grave)
      await rm(grave, { recursive: true, force: true })
      pruneParents(wanted)
      log.info({ checkout: wanted }, 'checkout erased')
      return summary
    },
    pin: (path, pinned) => catalog.pin(requireCheckout(path).path, pinned),
    get: (path) => catalog.get(path),
    manifest: (path) => catalog.manifest(requireCheckout(path).path),
    list: () => catalog.list(),
  }

  async function make(request: Making): Promise<CheckoutSummary> {
    const digests = distinctDigests(request.files)
    const unpin = protection.pin(digests)
    try {
      const made = await publishCheckout({
        ...request,
        digests,
        look: () => look(digests, request),
      })
      protection.lease(digests)
      return made
    } finally {
      unpin()
    }
  }

  /** Rejects unless all are there. What is not on its way is looked at while the rest is waited for. */
  async function look(digests: readonly Digest[], request: Making): Promise<void> {
    const coming: Digest[] = []
    const present: Digest[] = []
    for (const digest of digests) (isComing(digest) ? coming : present).push(digest)
    const arrived = parts.watchArrivals()
    try {
      const [missing] = await allEnded([notStored(present), waitForUploads(digests, request)])
      // What was stored under our eyes, and is pinned, is there.
      await requireStored([...missing, ...coming].filter((digest) => !arrived.has(digest)))
    } finally {
      arrived.stop()
    }
    await requireDurable(digests)
  }

  function isComing(digest: Digest): boolean {
    return (
      parts.claims.isClaimed(digest) ||
      parts.inFlight.isRunning(digest) ||
      store.committer.isSettling(digest)
    )
  }

  async function waitForUploads(
    digests: readonly Digest[],
    { sender, waitMs }: Pick<Making, 'sender' | 'waitMs'>,
  ): Promise<void> {
    const begun = performance.now()
    await parts.claims.settled(sender, waitMs)
    const running = digests.filter((digest) => parts.inFlight.isRunning(digest))
    await parts.inFlight.settled(running, Math.max(0, waitMs - (performance.now() - begun)))
    if (digests.some((digest) => store.committer.isSettling(digest))) await store.committer.idle()
  }

  async function requireDurable(digests: readonly Digest[]): Promise<void> {
    const damaged = await parts.unverified.read(digests)
    if (damaged > 0) await requireStored(digests)
    if (durability === 'batch') await parts.unverified.makeDurable(digests)
  }

  // Every blob is looked at: the index is a hint, and a link to nothing would cost a render.
  async function requireStored(digests: readonly Digest[]): Promise<void> {
    const missing = await notStored(digests)
    if (missing.length === 0) return
    const gone = await withoutRestored(missing)
    if (gone.length === 0) return
    await parts.onMissing(gone)
    throw new ShamanError('CHECKOUT_INCOMPLETE', `${gone.length} files are not in the store`, {
      detail: { missing: gone.slice(0, 100).map(plainDigest), count: gone.length },
      hint: 'Ask for the requirements again and upload what is missing.',
    })
  }

  async function notStored(digests: readonly Digest[]): Promise<Digest[]> {
    const isThere = await store.areStored(digests)
    return digests.filter((_, i) => !isThere[i])
  }

  async function withoutRestored(missing: readonly Digest[]): Promise<Digest[]> {
    const restored = missing.filter((digest) => parts.restore(digest))
    if (restored.length > 0) await store.committer.idle()
    return missing.filter((digest) => !store.isStored(digest))
  }

  function requireCheckout(path: string): CheckoutSummary {
    const summary = catalog.get(checkCheckoutPath(path))
    if (summary) return summary
    throw new ShamanError('CHECKOUT_MISSING', `there is no checkout at ${JSON.stringify(path)}`, {
      detail: { path },
    })
  }

  /** A directory nobody catalogued may be erased, but not one that holds catalogued checkouts. */
  function requireForeign(path: string): void {
    const holdsOthers = catalog.list().some((other) => other.path.startsWith(`${path}/`))
    const isInside = catalog.list().some((other) => path.startsWith(`${other.path}/`))
    const stats = disk.lstatSync(`${layout.jobs}/${path}`)
    if (!holdsOthers && !isInside && stats?.isDirectory()) return
    requireCheckout(path)
  }

  function moveAway(path: string, grave: string): void {
    try {
      disk.renameSync(`${layout.jobs}/${path}`, grave)
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error
    }
  }

  function pruneParents(path: string): void {
    const parts = path.split('/').slice(0, -1)
    while (parts.length > 0) {
      try {
        disk.rmdirSync(`${layout.jobs}/${parts.join('/')}`)
      } catch {
        return
      }
      parts.pop()
    }
  }
}
