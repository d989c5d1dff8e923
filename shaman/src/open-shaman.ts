import { mkdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { createArrivals } from './arrivals.ts'
import { createFileBlobStore } from './blobs/file-blob-store.ts'
import { createPartials } from './blobs/partials.ts'
import { createThreads } from './blobs/threads.ts'
import { createUploadsInFlight } from './blobs/uploads-in-flight.ts'
import { createExamine } from './care/examine.ts'
import { explainBlob } from './care/explain.ts'
import { checkStore } from './care/fsck.ts'
import { createQuarantine } from './care/quarantine.ts'
import { createScrubber } from './care/scrub.ts'
import { createShares } from './care/shares.ts'
import { keepSizes } from './care/sizes.ts'
import { createUnverified } from './care/unverified.ts'
import { diffCheckouts, holdersOf } from './care/usage.ts'
import { createCatalog } from './checkouts/catalog.ts'
import { createCheckouts } from './checkouts/checkouts.ts'
import { type LinkChoice, probeLinks } from './checkouts/link.ts'
import { createClaims } from './claims.ts'
import { type Counters, createCounters, type Totals } from './counters.ts'
import type { Digest } from './digest.ts'
import { realDisk } from './disk.ts'
import { createCollector } from './gc/collector.ts'
import { createTrash } from './gc/trash.ts'
import { type HeldStore, holdStore } from './hold-store.ts'
import { keepLastUses } from './last-use.ts'
import { createPlaces } from './places.ts'
import { createProtection, defaultLeaseMs } from './protection.ts'
import { rebuildIndex } from './rebuild.ts'
import { createReferenceTable } from './references.ts'
import { createNegotiator } from './requirements.ts'
import type { Shaman, ShamanOptions, ShamanStats } from './shaman.ts'
import { createSpaceKeeper, type SpaceLimits } from './space.ts'
import { sweepUnfinished } from './sweep-unfinished.ts'
import { createSyncer } from './sync.ts'
import { volumesOf } from './volumes.ts'

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
  const held = await holdStore(root, options.stateDir, {
    now,
    log,
    blobsIn: options.blobsIn?.place,
  })
  try {
    return await assemble({ ...options, root, durability, now, disk, leaseMs, log }, held)
  } catch (error) {
    await held.release()
    throw error
  }
}

type Settled = ShamanOptions &
  Required<Pick<ShamanOptions, 'durability' | 'now' | 'disk' | 'leaseMs' | 'log'>>

/** Builds the parts of a store that is locked, and starts what runs beside requests. */
async function assemble(options: Settled, held: HeldStore): Promise<Shaman> {
  const { root, durability, now, disk, leaseMs, log } = options
  const { layout, index, serverId, storeId } = held
  const syncer = createSyncer(volumesOf(layout), { disk })
  const counters = await createCounters(index, log)
  const space = createSpaceKeeper(layout.stored, spaceLimits(options, counters), { disk, now })
  const protection = createProtection({ now, leaseMs })
  const references = createReferenceTable()
  const inFlight = createUploadsInFlight()
  const claims = createClaims({ now })
  const tempDir = join(layout.uploading, serverId)
  await mkdir(tempDir)

  // A bucket makes durable what it takes, whatever is promised of files.
  const isDurable = durability === 'full' || options.blobsIn !== undefined
  const arrivals = createArrivals({
    ...{ index, counters, protection, claims, isDurable, now },
    quarantine: () => quarantine,
    unverified: () => unverified,
  })
  const threads = options.threads ?? (disk === realDisk ? createThreads() : undefined)
  const blobs = createFileBlobStore({
    layout,
    disk,
    syncer,
    space,
    durability,
    tempDir,
    threads,
    blobsIn: options.blobsIn,
    onStored: arrivals.stored,
    isAbsent: claims.isClaimed,
  })
  const partials = createPartials({ store: blobs, index, durability, space, now })
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
  let quarantined = 0
  const quarantine = createQuarantine({
    store: blobs,
    index,
    catalog,
    counters,
    now,
    onRemoved: () => {
      quarantined += 1
    },
  })
  const examine = createExamine({ store: blobs, protection, quarantine, log })
  const unverified = createUnverified({
    ...{ store: blobs, index, syncer, durability, protection, examine, now },
  })
  const trash = createTrash({ store: blobs, index, counters, now })
  await catalog.load()
  await trash.load()
  await quarantine.load()
  await sweepUnfinished(layout, serverId)
  const links = chooseLinks(options, () => probeLinks(tempDir, layout.jobs, disk))
  const checkouts = createCheckouts({
    store: blobs,
    catalog,
    protection,
    inFlight,
    claims,
    unverified,
    syncer,
    durability,
    links,
    threads,
    log,
    now,
    restore: (digest) => trash.restore(digest),
    watchArrivals: arrivals.watch,
    onMissing: arrivals.missing,
  })
  const gc = createCollector({
    layout,
    storeId,
    store: blobs,
    index,
    catalog,
    checkouts,
    references,
    protection,
    space,
    trash,
    leaseMs,
    ready: () => ready,
    restUntil: counters.wasClean || held.isNew ? 0 : now() + leaseMs,
    now,
    log,
  })
  const negotiator = createNegotiator({
    store: blobs,
    index,
    inFlight,
    protection,
    restore: (digest) => trash.restore(digest),
    removals: () => gc.removals() + quarantined,
    arrivals: arrivals.count,
    onFound: arrivals.found,
  })
  const isBusy = (): boolean => inFlight.count() > 0
  const scrubber = createScrubber({ index, examine, unverified, isBusy, now, log })
  const lastUse = keepLastUses({ index, protection, now, log })
  const rebuild = (): Promise<Totals> => rebuildIndex({ blobs, catalog, index, log, counters })
  // Beside requests: until it is done, what the index misses is looked up on the disk.
  const ready = (async () => {
    await catalog.loadReferences()
    if (held.isIndexed) return
    await rebuild()
    await held.markIndexed()
  })()
  ready.catch((error: unknown) => log.error({ err: error }, 'store not read whole'))
  const holders = (digest: Digest): Promise<string[]> => holdersOf({ index, catalog }, digest)
  const stats = async (): Promise<ShamanStats> => ({
    ...counters.totals(),
    checkouts: catalog.list().length,
    referencedBlobs: references.blobs,
    referencedBytes: references.bytes,
    uploading: inFlight.count(),
    ...protection.counts(),
    freeBytes: await space.available(),
    durability,
  })
  log.info({ root, durability, checkouts: catalog.list().length, links }, 'store opened')

  return {
    root,
    jobsDir: layout.jobs,
    serverId,
    storeId,
    durability,
    leaseMs,
    stallMs: options.stallMs,
    links,
    layout,
    log,
    blobs,
    checkouts,
    catalog,
    negotiator,
    inFlight,
    places: createPlaces(options.mostUploads ?? 256),
    claims,
    partials,
    protection,
    references,
    index,
    space,
    counters,
    gc,
    scrubber,
    quarantine,
    unverified,
    examine,
    now,
    stats,
    sizes: keepSizes({ layout, stats, now, log }),
    shares: createShares({ layout, catalog, references, now }),
    fsck: (given = {}) =>
      checkStore(
        { store: blobs, index, catalog, quarantine, counters, now },
        { repair: given.repair ?? false },
      ),
    holders,
    explain: (digest) =>
      explainBlob(
        { blobs, index, layout, catalog, protection, references, leaseMs, now, holders },
        digest,
      ),
    diff: (before, after) => diffCheckouts(catalog, before, after),
    rebuild,
    ready,
    async close() {
      await ready.catch(() => undefined)
      await scrubber.stop()
      await partials.close()
      await blobs.committer.idle()
      await unverified.settle()
      lastUse.stop()
      await lastUse.flush()
      await catalog.idle()
      await threads?.close()
      syncer.close()
      await counters.save()
      await rm(tempDir, { recursive: true, force: true })
      await held.release()
      log.info({ root }, 'store closed')
    },
  }
}

function chooseLinks({ links, blobsIn }: Settled, probe: () => LinkChoice): LinkChoice {
  if (blobsIn) return { strategy: 'none', reason: `the bytes are in ${blobsIn.place}` }
  return links ? { strategy: links, reason: 'it was asked for' } : probe()
}

function spaceLimits(options: Settled, counters: Counters): SpaceLimits {
  return {
    ...(options.reserveBytes !== undefined && { reserveBytes: options.reserveBytes }),
    ...(options.quotaBytes !== undefined && { quotaBytes: options.quotaBytes }),
    storedBytes: () => counters.totals().bytes,
  }
}
