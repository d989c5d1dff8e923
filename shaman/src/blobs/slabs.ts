/**
 * Memory that several threads see, in large pieces that are used again and again: what arrives is copied into one, and a
 * thread hashes and writes it from there. Fresh memory for each file cost more, in page faults and collections, than all else
 * that was done with its bytes.
 */
export interface Slabs {
  /** Memory for one request's files; close it when nothing of the request is under way any more. */
  intake(): Intake
}

/** A request's files on their way to the disk. */
export interface Intake {
  allocate(size: number): Buffer
  /** The bytes have been written, or are not wanted; once for each {@link allocate}. */
  release(bytes: Buffer): void
  close(): void
}

interface Slab {
  memory: SharedArrayBuffer
  used: number
  /** Places handed out and not released. */
  open: number
}

const slabBytes = 2 << 20
const mostSpare = 8

/** Creates an empty stock of slabs. */
export function createSlabs(): Slabs {
  const spare: SharedArrayBuffer[] = []

  return {
    intake() {
      const slabs = new Map<ArrayBufferLike, Slab>()
      let current: Slab | undefined
      return {
        allocate(size) {
          if (!current || current.used + size > current.memory.byteLength) {
            const full = current
            current = begin(slabs, size)
            if (full) recycle(slabs, full)
          }
          const bytes = Buffer.from(current.memory, current.used, size)
          // To whole cache lines: a thread reads its file while the next is being filled.
          current.used += (size + 63) & ~63
          current.open += 1
          return bytes
        },
        release(bytes) {
          const slab = slabs.get(bytes.buffer)
          if (!slab) return
          slab.open -= 1
          if (slab !== current) recycle(slabs, slab)
          else if (slab.open === 0) slab.used = 0
        },
        close() {
          current = undefined
          for (const slab of slabs.values()) keep(slab)
          slabs.clear()
        },
      }
    },
  }

  function begin(slabs: Map<ArrayBufferLike, Slab>, size: number): Slab {
    const isUsual = size <= slabBytes
    const memory = (isUsual && spare.pop()) || new SharedArrayBuffer(Math.max(size, slabBytes))
    const slab = { memory, used: 0, open: 0 }
    slabs.set(memory, slab)
    return slab
  }

  function recycle(slabs: Map<ArrayBufferLike, Slab>, slab: Slab): void {
    if (slab.open > 0) return
    slabs.delete(slab.memory)
    keep(slab)
  }

  function keep({ memory }: Slab): void {
    if (memory.byteLength === slabBytes && spare.length < mostSpare) spare.push(memory)
  }
}
