import { posix } from 'node:path'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import { type Digest, digestKey } from '../digest.ts'
import { isCode } from '../errors.ts'
import type { ManifestFile } from '../manifest.ts'
import { deltaSizes } from './algorithms.ts'

/** Finds what a file may be a new version of, for clients that have never sent it themselves. */
export interface BaseFinder {
  /** Blobs last submitted under this path, its name, or another version of its name; the likeliest first. */
  find(path: string): Promise<Digest[]>
}

const newestCheckouts = 24
const most = 3

/** Looks through the newest checkouts of a store. */
export function createBaseFinder(catalog: CheckoutCatalog): BaseFinder {
  const known = new Map<number, Promise<ReadonlyMap<string, ManifestFile[]>>>()

  return {
    async find(path) {
      const newest = catalog.list().toSorted((a, b) => b.seq - a.seq)
      const looked = newest.slice(0, newestCheckouts)
      forgetAllBut(new Set(looked.map(({ seq }) => seq)))
      const namesakes: ManifestFile[] = []
      for (const checkout of looked) {
        namesakes.push(...((await namesOf(checkout)).get(thingOf(path)) ?? []))
      }
      return distinct(namesakes.toSorted((a, b) => rank(a, path) - rank(b, path)))
    },
  }

  function forgetAllBut(seqs: ReadonlySet<number>): void {
    for (const seq of known.keys()) if (!seqs.has(seq)) known.delete(seq)
  }

  function namesOf(checkout: {
    seq: number
    path: string
  }): Promise<ReadonlyMap<string, ManifestFile[]>> {
    const names = known.get(checkout.seq) ?? readNames(checkout.path)
    known.set(checkout.seq, names)
    return names
  }

  async function readNames(path: string): Promise<ReadonlyMap<string, ManifestFile[]>> {
    try {
      const { files } = await catalog.manifest(path)
      // Of files that are never a base, which may be most of a large project, nothing is kept.
      const large = files.filter(({ size }) => size >= deltaSizes.min)
      return Map.groupBy(large, (file) => thingOf(file.path))
    } catch (error) {
      // Erased between the list and the look.
      if (isCode(error, 'CHECKOUT_MISSING', 'ENOENT')) return new Map()
      throw error
    }
  }
}

/** The name without the version that artists put into it: `shot_v002.blend` is a later `shot_v001.blend`. */
function thingOf(path: string): string {
  return posix.basename(path).replace(/[ ._-]?v?\d+(?=(\.[^.]*)?$)/i, '')
}

/** The same path ranks before the same name, and that before another version; the sort keeps newer before older. */
function rank(file: ManifestFile, path: string): number {
  if (file.path === path) return 0
  if (posix.basename(file.path) === posix.basename(path)) return 1
  return posix.dirname(file.path) === posix.dirname(path) ? 2 : 3
}

function distinct(files: readonly ManifestFile[]): Digest[] {
  const byKey = new Map<string, Digest>()
  for (const { sha, size } of files) {
    const key = digestKey({ sha, size })
    if (!byKey.has(key)) byKey.set(key, { sha, size })
  }
  return [...byKey.values()].slice(0, most)
}
