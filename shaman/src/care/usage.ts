import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import { type Digest, sameDigest } from '../digest.ts'
import type { IndexDb } from '../index-db.ts'

/** How one checkout became another. */
export interface ManifestDiff {
  added: { path: string; size: number }[]
  removed: { path: string; size: number }[]
  changed: { path: string; before: Digest; after: Digest }[]
  /** The same content under another path. */
  moved: { from: string; to: string; size: number }[]
  unchanged: number
  /** Bytes of contents that only the newer one has. */
  newBytes: number
}

/** Which checkouts hold a blob, by path. */
export async function holdersOf(
  parts: { index: IndexDb; catalog: CheckoutCatalog },
  digest: Digest,
): Promise<string[]> {
  await parts.catalog.idle()
  const seqs = await parts.index.holders(digest)
  return seqs.flatMap((seq) => parts.catalog.bySeq(seq)?.path ?? [])
}

/** What differs between two checkouts, by path and by content. */
export async function diffCheckouts(
  catalog: CheckoutCatalog,
  before: string,
  after: string,
): Promise<ManifestDiff> {
  const old = new Map((await catalog.manifest(before)).files.map((file) => [file.path, file]))
  const fresh = (await catalog.manifest(after)).files
  const oldContents = new Set([...old.values()].map((file) => file.sha))
  const diff: ManifestDiff = {
    added: [],
    removed: [],
    changed: [],
    moved: [],
    unchanged: 0,
    newBytes: 0,
  }
  const counted = new Set<string>()
  const appeared: { path: string; digest: Digest }[] = []
  for (const { path, sha, size } of fresh) {
    const was = old.get(path)
    old.delete(path)
    if (!was) appeared.push({ path, digest: { sha, size } })
    else if (sameDigest(was, { sha, size })) diff.unchanged += 1
    else diff.changed.push({ path, before: { sha: was.sha, size: was.size }, after: { sha, size } })
    if (!oldContents.has(sha) && !counted.has(sha)) diff.newBytes += size
    counted.add(sha)
  }
  const vanished = new Map([...old.values()].map((file) => [file.sha, file]))
  for (const { path, digest } of appeared) {
    const from = vanished.get(digest.sha)
    if (from) {
      diff.moved.push({ from: from.path, to: path, size: digest.size })
      old.delete(from.path)
      vanished.delete(digest.sha)
    } else diff.added.push({ path, size: digest.size })
  }
  diff.removed = [...old.values()].map(({ path, size }) => ({ path, size }))
  return diff
}
