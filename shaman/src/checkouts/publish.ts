import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { allEnded } from '../all-ended.ts'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { Threads } from '../blobs/threads.ts'
import type { Digest } from '../digest.ts'
import { makeDir } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import { stagingPrefix } from '../layout.ts'
import type { ManifestFile } from '../manifest.ts'
import { patiently } from '../patience.ts'
import type { Durability, Syncer } from '../sync.ts'
import type { CheckoutCatalog, CheckoutSummary } from './catalog.ts'
import { createLinker, type LinkChoice } from './link.ts'

/** A checkout whose path and files have been checked, and whose blobs are held. */
export interface Wanted {
  path: string
  files: readonly ManifestFile[]
  digests: readonly Digest[]
  request?: string | undefined
  /** Rejects unless every blob is there. */
  look(): Promise<void>
}

/** What {@link createPublisher} works with. */
export interface PublisherParts {
  store: FileBlobStore
  catalog: CheckoutCatalog
  syncer: Syncer
  durability: Durability
  links: LinkChoice
  /** They make the links of large checkouts. */
  threads?: Threads | undefined
}

interface Staged {
  /** Resolves when it is; this goes on while blobs are looked at. */
  durable: Promise<void>
}

const maxSuffixes = 10
const sliceLength = 64

/**
 * Creates what makes a checkout under a name of its own and publishes it by one rename; what failed leaves nothing. When the
 * wanted path is taken, the checkout gets another, which its summary tells.
 */
export function createPublisher(
  parts: PublisherParts,
): (wanted: Wanted) => Promise<CheckoutSummary> {
  const { store, catalog, syncer, durability } = parts
  const { layout, disk } = store
  const linker = createLinker(parts.links.strategy, { layout, disk, threads: parts.threads })
  return publishCheckout

  async function publishCheckout(given: Wanted): Promise<CheckoutSummary> {
    const { path: wanted, files, digests } = given
    const staging = stagingName()
    const stagingDir = `${layout.jobs}/${staging}`
    disk.mkdirSync(stagingDir)
    let draft: CheckoutSummary | undefined
    try {
      // Parents of the final path come first: they decide how deep the links lie, and they may be refused.
      const parents = makeParents(wanted)
      const { durable } = await stageAndLook(stagingDir, parents, given)
      const { request } = given
      const makeDurable = (): Promise<void> => durable
      draft = await catalog.add({ path: wanted, staging, files, digests, request, makeDurable })
      const published = await publish(stagingDir, draft, digests)
      if (durability !== 'none') await syncer.sync([], [parentOf(published.path)])
      return published
    } catch (error) {
      await rm(stagingDir, { recursive: true, force: true })
      // By number, never by path: the path may be another job's checkout.
      if (draft) await catalog.remove(draft.seq).catch(() => undefined)
      throw error
    }
  }

  /** Stages the files once every blob was seen; links, which need nothing to lead to, are made meanwhile. */
  async function stageAndLook(
    stagingDir: string,
    parents: readonly string[],
    { path, files, look }: Wanted,
  ): Promise<Staged> {
    const { strategy } = parts.links
    const stageAll = async (): Promise<Staged> => {
      const made = strategy === 'none' ? [stagingDir] : await stage(stagingDir, path, files)
      const durable =
        durability === 'none' ? Promise.resolve() : syncer.sync([], [...made, ...parents])
      // Nobody asks any more when the look has failed.
      durable.catch(() => undefined)
      return { durable }
    }
    if (strategy !== 'symlink') {
      await look()
      return await stageAll()
    }
    // Both have come to an end before anything is removed.
    const [, staged] = await allEnded([look(), stageAll()])
    return staged
  }

  /** Links everything into the staging directory; returns the directories made. */
  async function stage(
    stagingDir: string,
    wanted: string,
    files: readonly ManifestFile[],
  ): Promise<string[]> {
    const made = new Set<string>([stagingDir])
    const depth = wanted.split('/').length
    const linking = linker.begin({ dir: stagingDir, depth, files: files.length })
    const ensureDir = (dir: string): void => {
      if (made.has(dir)) return
      ensureDir(dir.slice(0, dir.lastIndexOf('/')))
      linking.addDir(dir)
      made.add(dir)
    }
    try {
      for (const [i, file] of files.entries()) {
        if (i % sliceLength === sliceLength - 1) await linking.turn()
        const end = file.path.lastIndexOf('/')
        if (end !== -1) ensureDir(`${stagingDir}/${file.path.slice(0, end)}`)
        linking.add(file)
      }
    } catch (error) {
      // Nothing may still be linked when the directory is removed.
      await linking.end().catch(() => undefined)
      throw error
    }
    await linking.end()
    return [...made]
  }

  // The look, the rename and the listing are one turn, so that two rivals never share a name.
  async function publish(
    stagingDir: string,
    draft: CheckoutSummary,
    digests: readonly Digest[],
  ): Promise<CheckoutSummary> {
    let path = draft.path
    for (let attempt = 0; attempt <= maxSuffixes; attempt += 1) {
      const final = `${layout.jobs}/${path}`
      const published = await patiently(() => {
        if (disk.lstatSync(final) !== undefined || !renameIfFree(stagingDir, final)) return
        return catalog.publish(draft.seq, digests)
      })
      if (published) return published
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
}

/** A name that is never a published one, and not used before. */
export function stagingName(): string {
  return `${stagingPrefix}${randomBytes(12).toString('hex')}`
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

/** Four letters or digits, as in Flamenco. */
function randomSuffix(): string {
  return Array.from(randomBytes(4), (byte) => (byte % 36).toString(36)).join('')
}
