import { createHash } from 'node:crypto'
import { coreBase64 } from './wasm/core.gen.ts'

/** Sizes of one FastCDC 2020 chunking, in bytes. `avg` is a power of two. */
export interface CutSizes {
  readonly min: number
  readonly avg: number
  readonly max: number
}

/** A window of memory and the functions that judge the bytes in it. Positions are relative to `bytes`. */
export interface ChunkCore {
  /** The window; fill it, then call the functions below. */
  readonly bytes: Uint8Array
  /** Length of the chunk that starts at `position`, at most `available`. */
  cut(position: number, available: number, sizes: CutSizes): number
  /** The gear hash at the last cut, as the Remote Execution API's vectors print it. */
  fingerprint(): bigint
  /** XXH64 with seed 0. */
  hash(position: number, length: number): bigint
  /** Whether every byte of the range is zero. */
  isZero(position: number, length: number): boolean
}

// The compiler's library for Node has no WebAssembly; this is the part used here.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface CoreExports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  fingerprint: { readonly value: bigint }
  cut(
    at: number,
    length: number,
    min: number,
    avg: number,
    max: number,
    maskSmall: bigint,
    maskLarge: bigint,
  ): number
  xxh64(at: number, length: number): bigint
  isZero(at: number, length: number): number
}

const tableBytes = 4096
const pageBytes = 65536
const normalization = 2

// From the paper's reference implementation; the index is the number of one bits.
const masks: readonly bigint[] = [
  0x0n,
  0x0n,
  0x0n,
  0x0n,
  0x0n,
  0x1804110n,
  0x1803110n,
  0x18035100n,
  0x1800035300n,
  0x19000353000n,
  0x590003530000n,
  0xd90003530000n,
  0xd90103530000n,
  0xd90303530000n,
  0xd90313530000n,
  0xd90f03530000n,
  0xd90303537000n,
  0xd90703537000n,
  0xd90707537000n,
  0xd91707537000n,
  0xd91747537000n,
  0xd91767537000n,
  0xd93767537000n,
  0xd93777537000n,
  0xd93777577000n,
  0xdb3777577000n,
]

let compiled: object | undefined

/** Opens a core with a window of `windowBytes`. `seed` changes every cut; 0 is the published one. */
export function openChunkCore(windowBytes: number, seed = 0n): ChunkCore {
  compiled ??= new WebAssembly.Module(Buffer.from(coreBase64, 'base64'))
  const core = new WebAssembly.Instance(compiled).exports as CoreExports
  core.memory.grow(Math.ceil((tableBytes + windowBytes) / pageBytes) - 1)
  fillGear(new BigUint64Array(core.memory.buffer, 0, 512), seed)
  return {
    bytes: new Uint8Array(core.memory.buffer, tableBytes, windowBytes),
    cut: (position, available, { min, avg, max }) => {
      const bits = Math.round(Math.log2(avg))
      const [small, large] = [masks[bits + normalization]!, masks[bits - normalization]!]
      return core.cut(tableBytes + position, available, min, avg, max, small, large)
    },
    fingerprint: () => BigInt.asUintN(64, core.fingerprint.value),
    hash: (position, length) => BigInt.asUintN(64, core.xxh64(tableBytes + position, length)),
    isZero: (position, length) => core.isZero(tableBytes + position, length) === 1,
  }
}

/**
 * The Remote Execution API's text defines an entry as MD5 of one byte, but its vectors
 * are only reproduced by MD5 of that byte 64 times over, as fastcdc-rs computes it.
 */
function fillGear(table: BigUint64Array, seed: bigint): void {
  for (let byte = 0; byte < 256; byte++) {
    const md5 = createHash('md5').update(Buffer.alloc(64, byte)).digest()
    const gear = md5.readBigUInt64BE(0) ^ seed
    table[byte] = gear
    table[256 + byte] = BigInt.asUintN(64, gear << 1n)
  }
}
