import { type Duplex, pipeline, Readable } from 'node:stream'
import { constants, createGunzip, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { DeltaError } from './errors.ts'
import type { LiteralCoding } from './recipe.ts'

/** The literal bytes of a recipe, in order. */
export interface LiteralSource {
  /** Yields the next `length` bytes in pieces; fewer are a `RECIPE_INVALID`. */
  take(length: number): AsyncGenerator<Uint8Array>
  /** Throws unless all bytes were taken. */
  end(): Promise<void>
  /** Lets go of the stream. */
  close(): Promise<void>
}

/** Bytes pulled from a compressed stream at once; the most that a bomb can hold in memory. */
const pieceBytes = 256 * 1024

/** 16 MiB: what a decoder sets aside, and enough to reach back over the largest dictionary. */
const windowLog = 24

/** Opens the literals behind a recipe's head. A dictionary is for zstd alone. */
export function openLiterals(
  coded: AsyncIterable<Uint8Array>,
  coding: LiteralCoding,
  dictionary: Uint8Array = new Uint8Array(0),
): LiteralSource {
  const decoder = decoderFor(coding, dictionary)
  const stream: AsyncIterable<Uint8Array> =
    decoder === undefined ? coded : decodeThrough(coded, decoder)
  const pieces = stream[Symbol.asyncIterator]()
  let piece: Uint8Array = new Uint8Array(0)

  return {
    async *take(length) {
      for (let left = length; left > 0; ) {
        if (piece.length === 0) piece = await next()
        const part = piece.subarray(0, left)
        piece = piece.subarray(part.length)
        left -= part.length
        yield part
      }
    },
    async end() {
      while (piece.length === 0) {
        const result = await pull()
        if (result.done) return
        piece = result.value
      }
      throw invalid('more literal bytes came than its ops use')
    },
    async close() {
      await pieces.return?.()
    },
  }

  async function next(): Promise<Uint8Array> {
    const result = await pull()
    if (result.done) throw invalid('its literal bytes are cut short')
    return result.value
  }

  async function pull(): Promise<IteratorResult<Uint8Array, unknown>> {
    try {
      return await pieces.next()
    } catch (cause) {
      if (isCodingFault(cause)) throw invalid('its literal bytes cannot be decompressed', cause)
      throw cause
    }
  }
}

/**
 * Of what a save changes, level 9 made 3 % less, with or without a dictionary, but took three and seven times as long: more
 * than the bytes it spared do on a network of 100 Mbit/s. Without a dictionary, levels 3 to 6 make more than level 1.
 */
const levels = { withDictionary: 5, without: 1 }
/** Above this a fast network would wait for more than the quickest level. */
const carefulBytes = 32 * 1024 * 1024

/**
 * A transform that compresses as many literal bytes as zstd. With the replaced bytes as dictionary a
 * re-saved .blend sends a third of what it sends without.
 */
export function createLiteralCoder(bytes: number, dictionary: Uint8Array): Duplex {
  const isWorthCare = dictionary.length > 0 && bytes <= carefulBytes
  return createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: isWorthCare ? levels.withDictionary : levels.without,
      [constants.ZSTD_c_windowLog]: windowLog,
    },
    // Else both sides set aside as much memory as the largest recipe needs.
    pledgedSrcSize: bytes,
    ...(dictionary.length > 0 && { dictionary: Buffer.from(dictionary) }),
  })
}

function decoderFor(coding: LiteralCoding, dictionary: Uint8Array): Duplex | undefined {
  if (coding === 'gzip') return createGunzip({ chunkSize: pieceBytes })
  if (coding === 'none') return undefined
  return createZstdDecompress({
    chunkSize: pieceBytes,
    params: { [constants.ZSTD_d_windowLogMax]: windowLog },
    ...(dictionary.length > 0 && { dictionary: Buffer.from(dictionary) }),
  })
}

function decodeThrough(coded: AsyncIterable<Uint8Array>, decoder: Duplex): Duplex {
  // Whoever reads the decoder sees its errors; without the callback they would also be uncaught.
  return pipeline(Readable.from(coded, { objectMode: false }), decoder, () => {})
}

function isCodingFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR_BUFFER_TOO_LARGE)/.test(code)
}

function invalid(reason: string, cause?: unknown): DeltaError {
  return new DeltaError(
    'RECIPE_INVALID',
    `This recipe cannot be used: ${reason}`,
    { reason },
    { cause },
  )
}
