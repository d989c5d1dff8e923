import { createReadStream } from 'node:fs'
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createHasher, type Digest, type Hasher, sameDigest } from '@shaman-farm/shaman/digest'
import { CacheError } from './errors.ts'

export interface DownloadOptions {
  url: string
  digest: Digest
  toFile: string
  signal: AbortSignal
  onBytes?: (bytes: number) => void
  /** No byte for this long means that the connection is dead. */
  stallMs?: number
}

/**
 * Fetches one blob. What an earlier try got is kept beside the target and continued; the file appears under its name
 * only once size and SHA-256 are right.
 */
export async function downloadBlob(options: DownloadOptions): Promise<void> {
  const { digest, toFile } = options
  const partial = `${toFile}.part`
  await mkdir(dirname(toFile), { recursive: true })
  const hasher = createHasher()
  const had = await resume(partial, digest, hasher)
  if (had < digest.size) await append(options, partial, had, hasher)
  if (!sameDigest(hasher.digest(), digest)) {
    await rm(partial, { force: true })
    throw new CacheError('BLOB_DAMAGED', 'A file arrived damaged from the store', { digest })
  }
  // Hard links of it are in checkouts: a script that writes there must not write here.
  await chmod(partial, 0o444)
  await rename(partial, toFile)
}

/** Hashes what is there already; more than the whole blob, or an empty one, begins anew. */
async function resume(partial: string, digest: Digest, hasher: Hasher): Promise<number> {
  const size = (await stat(partial).catch(() => undefined))?.size ?? 0
  if (size > digest.size || size === 0) {
    await rm(partial, { force: true })
    await (await open(partial, 'w')).close()
    return 0
  }
  for await (const chunk of createReadStream(partial, { highWaterMark: 1 << 20 })) {
    hasher.update(chunk as Buffer)
  }
  return size
}

async function append(
  { url, digest, signal, onBytes, stallMs = 60_000 }: DownloadOptions,
  partial: string,
  had: number,
  hasher: Hasher,
): Promise<void> {
  const stall = new AbortController()
  const timer = setTimeout(
    () => stall.abort(new CacheError('STORE_STALLED', 'The store sent nothing for too long')),
    stallMs,
  )
  const file = await open(partial, 'r+')
  try {
    const response = await fetch(`${url}/api/v3/shaman/x/blobs/${digest.sha}/${digest.size}`, {
      headers: had > 0 ? { range: `bytes=${had}-` } : {},
      signal: AbortSignal.any([signal, stall.signal]),
    })
    if (!response.ok || !response.body) throw refused(response.status, digest)
    const isRest = response.status === 206
    if (had > 0 && !isRest) throw new CacheError('STORE_REFUSED', 'The store sent no range', {})
    let at = had
    for await (const chunk of response.body) {
      timer.refresh()
      hasher.update(chunk)
      await file.write(chunk, 0, chunk.length, at)
      at += chunk.length
      onBytes?.(chunk.length)
      if (at > digest.size) break
    }
  } finally {
    clearTimeout(timer)
    await file.close()
  }
}

function refused(status: number, digest: Digest): CacheError {
  return status === 404
    ? new CacheError('BLOB_MISSING', 'The store does not have a file of the job', { digest })
    : new CacheError('STORE_REFUSED', `The store answered with status ${status}`, { digest })
}
