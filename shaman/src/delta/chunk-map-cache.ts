import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestFromKey, digestKey, plainDigest, sameDigest } from '../digest.ts'
import { isCode, ShamanError } from '../errors.ts'
import type { Shaman } from '../shaman.ts'
import { type ChunkAlgorithm, isForFrames } from './algorithms.ts'
import type { ChunkHasher } from './chunk-and-hash.ts'
import { type ChunkMap, decodeChunkMap, encodeChunkMap } from './chunk-map.ts'

/** Chunk maps of stored blobs, made on demand and kept beside the store. All of it may be deleted at any time. */
export interface ChunkMapCache {
  /** The map of a blob; rejects with `BLOB_MISSING`. Those who ask at once share one making. */
  get(digest: Digest, algorithm: ChunkAlgorithm): Promise<ChunkMap>
}

/** Creates the cache: `file-store/chunkmaps/ab/<sha>-<size>.<algorithm>`. */
export function createChunkMapCache(shaman: Shaman, hasher: ChunkHasher): ChunkMapCache {
  const root = join(shaman.layout.fileStore, 'chunkmaps')
  const making = new Map<string, Promise<ChunkMap>>()

  return {
    async get(digest, algorithm) {
      const unpin = shaman.protection.pin([digest])
      try {
        if (!shaman.blobs.isStored(digest)) throw missing(digest)
        const key = `${digestKey(digest)}.${algorithm}`
        const shared = making.get(key)
        if (shared !== undefined) return await shared
        const made = load(digest, algorithm, key).finally(() => making.delete(key))
        making.set(key, made)
        return await made
      } finally {
        unpin()
      }
    },
  }

  async function load(digest: Digest, algorithm: ChunkAlgorithm, key: string): Promise<ChunkMap> {
    const dir = join(root, digest.sha.slice(0, 2))
    const kept = await readKept(join(dir, key))
    if (kept !== undefined && isMadeFor(kept, algorithm)) return kept
    const made = await hasher.chunkAndHash(shaman.layout.blob(digest), { algorithm })
    if (made.map === undefined || !sameDigest(made.digest, digest)) throw damaged(digest)
    await keep(dir, key, made.map).catch((error: unknown) => {
      shaman.log.warn({ err: error }, 'chunk map not kept')
    })
    return made.map
  }

  async function keep(dir: string, key: string, map: ChunkMap): Promise<void> {
    await mkdir(dir, { recursive: true })
    const temp = join(dir, `${randomUUID()}.tmp`)
    await writeFile(temp, encodeChunkMap(map))
    await rename(temp, join(dir, key))
    await forgetDeleted(dir)
  }

  /** Each new map pays for a look at its directory, so that maps never outnumber blobs for long. */
  async function forgetDeleted(dir: string): Promise<void> {
    for (const name of await readdir(dir)) {
      const digest = digestFromKey(name.slice(0, name.indexOf('.')))
      if (digest === undefined || shaman.blobs.isStored(digest)) continue
      await rm(join(dir, name), { force: true })
    }
  }
}

/** A blob that is not of frames is cut as what it holds. */
function isMadeFor(map: ChunkMap, algorithm: ChunkAlgorithm): boolean {
  return map.algorithm === algorithm || (isForFrames(algorithm) && map.algorithm === 'blend1')
}

async function readKept(path: string): Promise<ChunkMap | undefined> {
  try {
    return decodeChunkMap(await readFile(path))
  } catch (error) {
    // A torn file is as good as none: it is made again.
    if (isCode(error, 'ENOENT', 'CHUNK_MAP_INVALID')) return undefined
    throw error
  }
}

function missing(digest: Digest): ShamanError {
  return new ShamanError('BLOB_MISSING', 'the store does not hold this blob', {
    detail: plainDigest(digest),
  })
}

function damaged(digest: Digest): ShamanError {
  return new ShamanError('STORE_FAULT', 'a stored blob does not have its checksum any more', {
    detail: plainDigest(digest),
    hint: 'Scrub the store: it finds and repairs damaged blobs.',
  })
}
