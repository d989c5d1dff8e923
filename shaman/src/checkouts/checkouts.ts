import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { makeDir } from '../blobs/committer.ts'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { Threads } from '../blobs/threads.ts'
import type { UploadsInFlight } from '../blobs/uploads-in-flight.ts'
import type { Digest } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import { stagingPrefix } from '../layout.ts'
import { canonicalFiles, distinctDigests, type Manifest, type ManifestFile } from '../manifest.ts'
import { checkCheckoutPath } from '../paths.ts'
import type { Protection } from '../protection.ts'
import type { Durability, Syncer } from '../sync.ts'
import type { CheckoutCatalog, CheckoutSummary } from './catalog.ts'
import { createLinker, type LinkChoice, relativeTarget } from './link.ts'

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
  /** How long to wait for uploads of other clients before missing files fail the checkout. */
  waitMs?: number
}

/** What {@link createCheckouts} works with. */
export interface CheckoutParts {
  store: FileBlobStore
  catalog: CheckoutCatalog
  protection: Protection
  inFlight: UploadsInFlight
  syncer: Syncer
  durability: Durability
  links: LinkChoice
  /** They make the links of large checkouts. */
  threads?: Threads | undefined
  log: Logger
  now: () => number
  /** Takes a blob back out of the trash. */
  restore(digest: Digest): boolean
  onMissing(digests: readonly Digest[]): Promise<void>
}

const defaultWaitMs = 60_000
const maxSuffixes = 10
const sliceLength = 64

/** Creates the checkouts of a store. */
export function createCheckouts(parts: CheckoutParts): Checkouts {
  const { store, catalog, protection, syncer, durability, log } = parts
  const { layout, disk } = store
  const linker = createLinker(parts.links.strategy, { disk, threads: parts.threads })

  return {
    async create(request) {
      const wanted = checkCheckoutPath(request.path)
      const files = canonicalFiles(request.files)
      const digests = distinctDigests(files)
      const unpin = protection.pin(digests)
      try {
        await waitForUploads(digests, request.waitMs ?? defaultWaitMs)
        await requireStored(digests)
        if (durability === 'batch') await makeBlobsDurable(digests)
        const made = await stageAndPublish(wanted, files, digests)
        protection.lease(digests)
        return made
      } finally {
        unpin()
      }
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
      const grave = `${layout.jobs}/${stagingPrefix}erased-${randomName()}`
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

  async function waitForUploads(digests: readonly Digest[], waitMs: number): Promise<void> {
    const running = digests.filter((digest) => parts.inFlight.isRunning(digest))
    await parts.inFlight.settled(running, waitMs)
    if (digests.some((digest) => store.committer.isSettling(digest))) await store.committer.idle()
  }

  // Every blob is looked at: the index is a hint, and a link to nothing would cost a render.
  async function requireStored(digests: readonly Digest[]): Promise<void> {
    const missing: Digest[] = []
    for (const [i, digest] of digests.entries()) {
      if (i % sliceLength === sliceLength - 1) await nextTurn()
      if (!store.isStored(digest)) missing.push(digest)
    }
    if (missing.length === 0) return
    const gone = await withoutRestored(missing)
    if (gone.length === 0) return
    await parts.onMissing(gone)
    throw new ShamanError('CHECKOUT_INCOMPLETE', `${gone.length} files are not in the store`, {
      detail: { missing: gone.slice(0, 100), count: gone.length },
      hint: 'Ask for the requirements again and upload what is missing.',
    })
  }

  async function withoutRestored(missing: readonly Digest[]): Promise<Digest[]> {
    const restored = missing.filter((digest) => parts.restore(digest))
    if (restored.length > 0) await store.committer.idle()
    return missing.filter((digest) => !store.isStored(digest))
  }

  function makeBlobsDurable(digests: readonly Digest[]): Promise<void> {
    const dirs = digests.flatMap((digest) => [layout.blobDir(digest), layout.shard(digest)])
    return syncer.sync(
      digests.map((digest) => layout.blob(digest)),
      [...new Set(dirs)],
    )
  }

  async function stageAndPublish(
    wanted: string,
    files: readonly ManifestFile[],
    digests: readonly Digest[],
  ): Promise<CheckoutSummary> {
    const staging = `${stagingPrefix}${randomName()}`
    const stagingDir = `${layout.jobs}/${staging}`
    disk.mkdirSync(stagingDir)
    let draft: CheckoutSummary | undefined
    try {
      // Parents of the final path come first: they decide how deep the links lie, and they may be refused.
      const parents = makeParents(wanted)
      const isBare = parts.links.strategy === 'none'
      const dirs = isBare ? [stagingDir] : await stage(stagingDir, wanted, files)
      if (durability !== 'none') await syncer.sync([], [...dirs, ...parents])
      draft = await catalog.add({ path: wanted, staging, files, digests })
      const published = await publish(stagingDir, draft)
      if (durability !== 'none') await syncer.sync([], [parentOf(published.path)])
      return published
    } catch (error) {
      await rm(stagingDir, { recursive: true, force: true })
      // By number, never by path: the path may be another job's checkout.
      if (draft) await catalog.remove(draft.seq).catch(() => undefined)
      throw error
    }
  }

  /** Links everything into the staging directory; returns the directories made. */
  async function stage(
    stagingDir: string,
    wanted: string,
    files: readonly ManifestFile[],
  ): Promise<string[]> {
    const made = new Set<string>([stagingDir])
    const linking = linker.begin()
    const rootDepth = wanted.split('/').length
    try {
      for (const [i, file] of files.entries()) {
        if (i % sliceLength === sliceLength - 1) await linking.turn()
        const path = `${stagingDir}/${file.path}`
        ensureDir(made, path.slice(0, path.lastIndexOf('/')))
        const blob = layout.blob(file)
        const depth = rootDepth + count(file.path, '/')
        linking.add(blob, path, relativeTarget(depth, blob, layout.root))
      }
    } catch (error) {
      // Nothing may still be linked when the directory is removed.
      await linking.end().catch(() => undefined)
      throw error
    }
    await linking.end()
    return [...made]
  }

  function ensureDir(made: Set<string>, dir: string): void {
    if (made.has(dir)) return
    ensureDir(made, dir.slice(0, dir.lastIndexOf('/')))
    disk.mkdirSync(dir)
    made.add(dir)
  }

  // The look, the rename and the listing are one turn, so that two rivals never share a name.
  async function publish(stagingDir: string, draft: CheckoutSummary): Promise<CheckoutSummary> {
    let path = draft.path
    for (let attempt = 0; attempt <= maxSuffixes; attempt += 1) {
      const final = `${layout.jobs}/${path}`
      if (disk.lstatSync(final) === undefined && renameIfFree(stagingDir, final)) {
        return catalog.publish(draft.seq)
      }
      path = `${draft.requested}-${randomSuffix()}`
      await catalog.move(draft.seq, path)
    }
    throw new ShamanError('CHECKOUT_EXISTS', `there is already a checkout at ${draft.requested}`, {
      detail: { path: draft.requested },
    })
  }

  function renameIfFree(stagingDir: string, final: string): boolean {
    try {
      disk.renameSync(stagingDir, final)
      return true
    } catch (error) {
      if (isCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR')) return false
      // A reply lost by a network file system: the rename may have happened all the same.
      if (disk.lstatSync(stagingDir) === undefined && disk.lstatSync(final)?.isDirectory())
        return true
      throw error
    }
  }

  function makeParents(path: string): string[] {
    const made: string[] = []
    let dir = layout.jobs
    for (const segment of path.split('/').slice(0, -1)) {
      made.push(dir)
      dir = `${dir}/${segment}`
      if (catalog.get(dir.slice(layout.jobs.length + 1))) throw insideCheckout(path)
      makeDir(disk, dir)
      if (!disk.lstatSync(dir)?.isDirectory()) throw insideCheckout(path)
    }
    return made
  }

  function parentOf(path: string): string {
    const full = `${layout.jobs}/${path}`
    return full.slice(0, full.lastIndexOf('/'))
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

function insideCheckout(path: string): ShamanError {
  return new ShamanError(
    'PATH_UNSAFE',
    `${JSON.stringify(path)} lies inside another checkout or file`,
    {
      detail: { path },
      hint: 'Choose another name for the checkout.',
    },
  )
}

function randomName(): string {
  return randomBytes(12).toString('hex')
}

/** Four letters or digits, as in Flamenco. */
function randomSuffix(): string {
  return Array.from(randomBytes(4), (byte) => (byte % 36).toString(36)).join('')
}

function count(text: string, letter: string): number {
  let found = 0
  for (let at = text.indexOf(letter); at !== -1; at = text.indexOf(letter, at + 1)) found += 1
  return found
}
