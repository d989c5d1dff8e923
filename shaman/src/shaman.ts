import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { createFileBlobStore, type FileBlobStore } from './blobs/file-blob-store.ts'
import { createPartials, type Partials } from './blobs/partials.ts'
import { createUploadsInFlight, type UploadsInFlight } from './blobs/uploads-in-flight.ts'
import { type CheckoutCatalog, createCatalog } from './checkouts/catalog.ts'
import { type Checkouts, createCheckouts } from './checkouts/checkouts.ts'
import { type LinkChoice, probeLinks } from './checkouts/link.ts'
import { type Claims, createClaims } from './claims.ts'
import { type Counters, createCounters } from './counters.ts'
import { type Disk, realDisk } from './disk.ts'
import { type IndexDb, openIndex } from './index-db.ts'
import { type Layout, layoutOf, stagingPrefix } from './layout.ts'
import { takeOwnership } from './ownership.ts'
import { createProtection, defaultLeaseMs, type Protection } from './protection.ts'
import { rebuildIndex } from './rebuild.ts'
import { createReferenceTable, type ReferenceTable } from './references.ts'
import { createNegotiator, type Negotiator } from './requirements.ts'
import { makeDirectories, openSentinel } from './sentinel.ts'
import { createSpaceKeeper, type SpaceKeeper } from './space.ts'
import { createSyncer, type Durability } from './sync.ts'

/** How to open a store. */
export interface ShamanOptions {
  /** The storage root: holds `file-store/` and `jobs/`, and is what workers may mount. */
  root: string
  /** A directory on a local disk for the index; never on a share. */
  stateDir: string
  /** What an acknowledgement promises. Default `full`. */
  durability?: Durability
  /** How long a blob told to be stored is kept without a reference. Default 2 hours. */
  leaseMs?: number
  /** Bytes of the volume uploads may not use. */
  reserveBytes?: number
  /** Most bytes the blobs may take together. */
  quotaBytes?: number
  log?: Logger
  now?: () => number
  /** The file-system calls; tests make them fail. */
  disk?: Disk
}

/** An open store. */
export interface Shaman {
  readonly root: string
  /** Where checkouts lie: `<root>/jobs`. */
  readonly jobsDir: string
  /** New with every start; what was cached of another start's answers is void. */
  readonly serverId: string
  readonly storeId: string
  readonly durability: Durability
  readonly leaseMs: number
  readonly links: LinkChoice
  readonly layout: Layout
  readonly log: Logger
  readonly blobs: FileBlobStore
  readonly checkouts: Checkouts
  readonly catalog: CheckoutCatalog
  readonly negotiator: Negotiator
  readonly inFlight: UploadsInFlight
  readonly claims: Claims
  readonly partials: Partials
  readonly protection: Protection
  readonly references: ReferenceTable
  readonly index: IndexDb
  readonly space: SpaceKeeper
  readonly counters: Counters
  readonly now: () => number
  stats(): Promise<ShamanStats>
  /** Recreates the index from the files. */
  rebuild(): Promise<{ blobs: number; bytes: number }>
  close(): Promise<void>
}

/** A store in numbers. */
export interface ShamanStats {
  blobs: number
  bytes: number
  checkouts: number
  referencedBlobs: number
  referencedBytes: number
  uploading: number
  pinned: number
  leased: number
  freeBytes: number
  durability: Durability
}

/**
 * Opens the store under a storage root, or makes one; a store left by Flamenco is adopted as it is. Throws `STORE_LOCKED`
 * while another process uses it and `STORE_ABSENT` when a store used before is gone (an unmounted share).
 */
export async function openShaman(options: ShamanOptions): Promise<Shaman> {
  const { durability = 'full', now = Date.now, disk = realDisk, leaseMs = defaultLeaseMs } = options
  const log = options.log ?? pino({ level: 'silent' })
  await mkdir(options.root, { recursive: true })
  await mkdir(options.stateDir, { recursive: true })
  const root = await realpath(options.root)
  const layout = layoutOf(root)
  const index = await openIndex(join(options.stateDir, 'index.ldb'))
  const opened: (() => Promise<unknown>)[] = [() => index.close()]
  try {
    const sentinel = await openSentinel(layout, await index.getState<string>('store'), now)
    await makeDirectories(layout)
    const serverId = randomUUID()
    const ownership = await takeOwnership(layout.ownerLock, serverId, {
      now,
      onLost: (error) => log.error({ err: error }, 'store lock not renewed'),
    })
    opened.unshift(() => ownership.release())

    const isKnown = (await index.getState<string>('store')) === sentinel.id
    if (!isKnown) await index.clear()
    await index.setState('store', sentinel.id)
    const syncer = createSyncer(layout.fileStore, { disk, now })
    const counters = await createCounters(index, log)
    const space = createSpaceKeeper(layout.fileStore, spaceLimits(), { disk, now })
    const protection = createProtection({ now, leaseMs })
    const references = createReferenceTable()
    const inFlight = createUploadsInFlight()
    const claims = createClaims({ now })
    const tempDir = join(layout.uploading, serverId)
    await mkdir(tempDir)
    const seconds = (): number => Math.floor(now() / 1000)

    const blobs = createFileBlobStore({
      layout,
      disk,
      syncer,
      space,
      durability,
      tempDir,
      async onStored(stored) {
        const digests = stored.map((blob) => blob.digest)
        protection.lease(digests)
        claims.settle(digests)
        counters.stored(stored)
        const record = { storedAt: seconds(), lastUse: seconds(), verifiedAt: seconds() }
        await index.putBlobs(digests.map((digest) => [digest, record] as const))
      },
    })
    const partials = createPartials({ store: blobs, index, syncer, durability, space, now, log })
    const catalog = createCatalog({
      layout,
      disk,
      syncer,
      durability,
      index,
      references,
      log,
      now,
      claimArrivals: (digests) => counters.claimArrivals(digests),
    })
    await catalog.load()
    await sweepUnfinished(layout, serverId)
    const links = probeLinks(tempDir, layout.jobs, disk)
    const checkouts = createCheckouts({
      store: blobs,
      catalog,
      protection,
      inFlight,
      syncer,
      durability,
      links,
      log,
      now,
      onMissing: (digests) => index.deleteBlobs(digests),
    })
    const negotiator = createNegotiator({
      store: blobs,
      index,
      inFlight,
      protection,
      restore: () => false,
      removals: () => 0,
    })
    const rebuild = async (): Promise<{ blobs: number; bytes: number }> => {
      const found = await rebuildIndex({ blobs, catalog, index, log })
      counters.reset(found)
      return found
    }
    if (!isKnown) await rebuild()
    log.info({ root, durability, checkouts: catalog.list().length, links }, 'store opened')

    return {
      root,
      jobsDir: layout.jobs,
      serverId,
      storeId: sentinel.id,
      durability,
      leaseMs,
      links,
      layout,
      log,
      blobs,
      checkouts,
      catalog,
      negotiator,
      inFlight,
      claims,
      partials,
      protection,
      references,
      index,
      space,
      counters,
      now,
      async stats() {
        return {
          ...counters.totals(),
          checkouts: catalog.list().length,
          referencedBlobs: references.blobs,
          referencedBytes: references.bytes,
          uploading: inFlight.count(),
          ...protection.counts(),
          freeBytes: await space.available(),
          durability,
        }
      },
      rebuild,
      async close() {
        await partials.close()
        await blobs.committer.idle()
        await counters.save()
        await rm(tempDir, { recursive: true, force: true })
        await ownership.release()
        await index.close()
        log.info({ root }, 'store closed')
      },
    }

    function spaceLimits(): Parameters<typeof createSpaceKeeper>[1] {
      return {
        ...(options.reserveBytes !== undefined && { reserveBytes: options.reserveBytes }),
        ...(options.quotaBytes !== undefined && { quotaBytes: options.quotaBytes }),
        storedBytes: () => counters.totals().bytes,
      }
    }
  } catch (error) {
    for (const close of opened) await close()
    throw error
  }
}

/** Removes what dead server processes left: temp files, and checkouts that were never published. */
async function sweepUnfinished(layout: Layout, serverId: string): Promise<void> {
  const isServerId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  for (const name of await readdir(layout.uploading)) {
    if (name === serverId || !isServerId.test(name)) continue
    await rm(join(layout.uploading, name), { recursive: true, force: true })
  }
  for (const name of await readdir(layout.jobs)) {
    if (!name.startsWith(stagingPrefix)) continue
    await rm(join(layout.jobs, name), { recursive: true, force: true })
  }
}
