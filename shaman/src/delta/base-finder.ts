import { posix } from 'node:path'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import { type Digest, digestKey } from '../digest.ts'
import { isCode } from '../errors.ts'
import type { ManifestFile } from '../manifest.ts'

/** Finds what a file may be a new version of, for clients that have never sent it themselves. */
export interface BaseFinder {
  /** Blobs last submitted under this path, or else under its name; the likeliest first. */
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
        namesakes.push(...((await namesOf(checkout)).get(nameOf(path)) ?? []))
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
      return Map.groupBy(files, (file) => nameOf(file.path))
    } catch (error) {
      // Erased between the list and the look.
      if (isCode(error, 'CHECKOUT_MISSING', 'ENOENT')) return new Map()
      throw error
    }
  }
}

function nameOf(path: string): string {
  return posix.basename(path)
}

/** The same path ranks before the same name elsewhere; the sort keeps newer before older. */
function rank(file: ManifestFile, path: string): number {
  return file.path === path ? 0 : 1
}

function distinct(files: readonly ManifestFile[]): Digest[] {
  const byKey = new Map<string, Digest>()
  for (const { sha, size } of files) {
    const key = digestKey({ sha, size })
    if (!byKey.has(key)) byKey.set(key, { sha, size })
  }
  return [...byKey.values()].slice(0, most)
}
