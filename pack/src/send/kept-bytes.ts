/**
 * Small files as they were read to be hashed, so that sending them reads nothing again: on a network drive to open a small file
 * takes longer than to send it. What is sent then is what was hashed, whatever happens to the file meanwhile.
 */
export interface KeptBytes {
  /** A copy of what was read of a whole file, as long as there is room and it is small. */
  keep(bytes: Uint8Array): Uint8Array | undefined
}

const largestFile = 64 << 10
// One piece of memory for many: with one for each, ten thousand of them kept the collector busy.
const slabBytes = 1 << 20

/** Room for so many bytes. */
export function createKeptBytes(most: number): KeptBytes {
  let slab = Buffer.alloc(0)
  let used = 0
  let left = most
  return {
    keep(bytes) {
      const { byteLength } = bytes
      if (left === 0 || byteLength > Math.min(largestFile, left)) return undefined
      if (byteLength > slab.length - used) {
        slab = Buffer.allocUnsafeSlow(slabBytes)
        used = 0
      }
      const kept = slab.subarray(used, used + byteLength)
      kept.set(bytes)
      used += byteLength
      left -= byteLength
      return kept
    },
  }
}
