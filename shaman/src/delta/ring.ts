/**
 * Slabs of a file on their way from the thread that reads and chunks it to the thread that hashes it.
 * One writer, one reader, both allowed to block: neither is ever the main thread.
 */
export interface Ring {
  readonly memory: SharedArrayBuffer
  /** Writer: waits for a free slab and returns it. Undefined once the job is called off. */
  claim(): Uint8Array | undefined
  /** Writer: hands over the first `length` bytes of the claimed slab; 0 ends the file. */
  publish(length: number): void
  /** Reader: waits for the next slab and returns its bytes; empty at the end. */
  take(): Uint8Array
  /** Reader: gives the slab taken last back to the writer. */
  release(): void
  /** Either side or the main thread: ends the job early. */
  cancel(): void
  readonly isCanceled: boolean
  /** Main thread: bytes handed over so far. */
  readonly bytes: number
}

const slots = 6

/** Most bytes handed over at once: a piece that Blender compresses, when it cannot be. */
export const slabBytes = 1024 * 1024 + 64 * 1024

// Int32 cells: slabs written, slabs read, canceled, then the length of each slot.
const cell = { written: 0, read: 1, canceled: 2, lengths: 3 } as const
/** Where the count of bytes lies, behind the cells. */
const bytesAt = 1024
const headBytes = 4096

/** Memory for one ring; give it to every thread that takes part. */
export function createRingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(headBytes + slots * slabBytes)
}

/** Opens a ring's memory for one job. `reset` is for the main thread, before anyone starts. */
export function openRing(memory: SharedArrayBuffer): Ring & { reset(): void } {
  const cells = new Int32Array(memory, 0, cell.lengths + slots)
  // Written by one thread alone, and for others to look at: it need not be exact.
  const bytes = new Float64Array(memory, bytesAt, 1)
  const slab = (count: number): Uint8Array =>
    new Uint8Array(memory, headBytes + (count % slots) * slabBytes, slabBytes)
  const advance = (which: number): void => {
    Atomics.add(cells, which, 1)
    Atomics.notify(cells, which)
  }

  const ring = {
    memory,
    reset() {
      cells.fill(0)
      bytes[0] = 0
    },
    get bytes() {
      return bytes[0]!
    },
    get isCanceled() {
      return Atomics.load(cells, cell.canceled) === 1
    },
    claim() {
      const written = Atomics.load(cells, cell.written)
      for (;;) {
        const read = Atomics.load(cells, cell.read)
        if (ring.isCanceled) return undefined
        if (written - read < slots) return slab(written)
        Atomics.wait(cells, cell.read, read, 1000)
      }
    },
    publish(length: number) {
      const written = Atomics.load(cells, cell.written)
      Atomics.store(cells, cell.lengths + (written % slots), length)
      bytes[0]! += length
      advance(cell.written)
    },
    take() {
      const read = Atomics.load(cells, cell.read)
      while (Atomics.load(cells, cell.written) === read) {
        if (ring.isCanceled) return new Uint8Array(0)
        Atomics.wait(cells, cell.written, read, 1000)
      }
      return slab(read).subarray(0, Atomics.load(cells, cell.lengths + (read % slots)))
    },
    release: () => advance(cell.read),
    cancel() {
      Atomics.store(cells, cell.canceled, 1)
      Atomics.notify(cells, cell.read)
      Atomics.notify(cells, cell.written)
    },
  }
  return ring
}
