import { parentPort } from 'node:worker_threads'
import { constants, zstdCompressSync } from 'node:zlib'

/** A frame to compress, and the answer to it. */
export interface PackJob {
  readonly id: number
  readonly raw: Uint8Array
}
export type PackAnswer =
  | { readonly id: number; readonly packed: Uint8Array }
  | { readonly id: number; readonly error: string }

/** Blender's level, whatever the scene. */
const level = 3

parentPort?.on('message', ({ id, raw }: PackJob) => {
  parentPort?.postMessage(answer(id, raw))
})

function answer(id: number, raw: Uint8Array): PackAnswer {
  try {
    return { id, packed: packFrame(raw) }
  } catch (error) {
    return { id, error: (error as Error).message }
  }
}

/**
 * In one call with room for the whole result, as Blender does it: zstd cuts blocks differently
 * when it has to stop for output. Node's asynchronous form feeds it in two steps and gives other
 * bytes, hence a thread.
 */
function packFrame(raw: Uint8Array): Uint8Array {
  return zstdCompressSync(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: raw.length,
    chunkSize: raw.length + (raw.length >> 7) + 1024,
  })
}
