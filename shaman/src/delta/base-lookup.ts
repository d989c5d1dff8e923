import { ShamanClientError } from '../client/errors.ts'
import type { Digest } from '../digest.ts'
import { type ChunkAlgorithm, deltaSizes } from './algorithms.ts'
import { decodeChunkMap } from './chunk-map.ts'
import type { DeltaFile, DeltaRoute } from './delta-file.ts'
import type { Remembered } from './history.ts'

/**
 * What a file may be a new version of: what this machine sent before, which costs no request, or
 * what the store was given under its name. None when the store cannot tell.
 */
export async function findBases(
  { http, signal }: DeltaRoute,
  { path }: DeltaFile,
  { own, algorithm }: { own: Remembered | undefined; algorithm: ChunkAlgorithm },
): Promise<Remembered[]> {
  if (own?.map.algorithm === algorithm) return [own]
  try {
    const digest = own?.digest ?? (await namesake())
    return digest === undefined ? [] : [{ digest, map: await mapOf(digest) }]
  } catch (error) {
    // An answer that is a refusal only means that there is nothing to start from.
    if (error instanceof ShamanClientError && error.status !== undefined) return []
    throw error
  }

  async function namesake(): Promise<Digest | undefined> {
    const given = await http.json<{ bases: Digest[] }>(
      `/x/bases?path=${encodeURIComponent(path)}`,
      { signal },
    )
    return given.bases.find(({ size }) => size >= deltaSizes.min)
  }

  async function mapOf({ sha, size }: Digest): Promise<Remembered['map']> {
    return decodeChunkMap(
      await http.bytes(`/x/chunkmap/${sha}/${size}?alg=${algorithm}`, { signal }),
    )
  }
}
