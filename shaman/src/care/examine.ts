import { createReadStream } from 'node:fs'
import type { Logger } from 'pino'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import { createHasher, type Digest, sameDigest } from '../digest.ts'
import { isCode } from '../errors.ts'
import type { Protection } from '../protection.ts'
import type { Quarantine } from './quarantine.ts'

/**
 * Reads a blob and compares it with its digest; false when it was damaged, and is in quarantine now. A blob that is not there
 * has nothing to judge. `spend` is asked before each piece, and may take its time.
 */
export type Examine = (
  digest: Digest,
  options?: { signal?: AbortSignal; spend?: (bytes: number) => Promise<void> },
) => Promise<boolean>

interface ExamineParts {
  store: FileBlobStore
  protection: Protection
  quarantine: Quarantine
  log: Logger
}

/** Creates what examines a store's blobs. */
export function createExamine(parts: ExamineParts): Examine {
  const { store, protection, quarantine, log } = parts
  return async (digest, { signal, spend = async () => {} } = {}) => {
    const unpin = protection.pin([digest])
    try {
      const path = store.layout.blob(digest)
      const before = store.disk.lstatSync(path)
      // Collected meanwhile, or only ever in the index.
      if (!before) return true
      const problem = await problemOf(
        () => open(store, digest, signal),
        digest,
        async (bytes) => {
          signal?.throwIfAborted()
          await spend(bytes)
        },
      )
      if (!problem) return true
      const record = await quarantine.add(digest, before.ino, problem)
      log.error({ ...digest, problem, checkouts: record?.checkouts }, 'blob damaged')
      return record === undefined
    } finally {
      unpin()
    }
  }
}

// Not by the store's own look, which takes a file of another size for none at all.
async function open(
  { elsewhere, layout }: FileBlobStore,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Buffer>> {
  if (elsewhere) return await elsewhere.store.open(digest)
  return createReadStream(layout.blob(digest), {
    highWaterMark: 1 << 20,
    ...(signal && { signal }),
  })
}

async function problemOf(
  open: () => Promise<AsyncIterable<Buffer>>,
  digest: Digest,
  onPiece: (bytes: number) => Promise<void>,
): Promise<string | undefined> {
  const hasher = createHasher()
  try {
    for await (const chunk of await open()) {
      await onPiece(chunk.length)
      hasher.update(chunk)
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    if (isCode(error, 'BLOB_MISSING')) return 'its bytes are gone'
    if (isCode(error, 'EIO', 'ESTALE', 'EUCLEAN')) return `unreadable: ${(error as Error).message}`
    throw error
  }
  const got = hasher.digest()
  if (sameDigest(got, digest)) return undefined
  return got.size === digest.size ? 'wrong checksum' : `${got.size} bytes instead of ${digest.size}`
}
