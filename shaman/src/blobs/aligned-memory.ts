/** Memory that threads share and a disk can read from directly: pieces of one size, on whole pages, used again and again. */
export interface AlignedMemory {
  readonly pieceBytes: number
  /** Undefined when all is in use, or the system has none. */
  take(): Buffer<SharedArrayBuffer> | undefined
  /** The memory that these bytes are a part of, if it is this one. */
  memoryOf(bytes: Uint8Array): SharedArrayBuffer | undefined
  /** Takes back what {@link take} gave; anything else is left to the collector. */
  giveBack(bytes: Buffer): void
}

// The compiler's library for Node has no WebAssembly; this is the part used here.
declare const WebAssembly: {
  Memory: new (limits: {
    initial: number
    maximum: number
    shared: true
  }) => {
    readonly buffer: SharedArrayBuffer
  }
}

const wasmPageBytes = 64 << 10

/**
 * Creates the memory; it is reserved with the first piece, and a piece that was never taken costs nothing. Of all that JavaScript
 * can allocate only the memory of WebAssembly begins on a page.
 */
export function createAlignedMemory(pieceBytes: number, pieces: number): AlignedMemory {
  let memory: SharedArrayBuffer | undefined
  let begun = 0
  // The last one back is the first to go: it is in the processor's cache still, and the rest stays untouched.
  const spare: Buffer<SharedArrayBuffer>[] = []
  return {
    pieceBytes,
    take() {
      const again = spare.pop()
      if (again || begun === pieces) return again
      memory ??= reserve(pieceBytes * pieces)
      if (!memory) return undefined
      begun += 1
      return Buffer.from(memory, (begun - 1) * pieceBytes, pieceBytes)
    },
    memoryOf: ({ buffer }) => (buffer === memory ? memory : undefined),
    giveBack(bytes) {
      if (bytes.buffer === memory) spare.push(bytes as Buffer<SharedArrayBuffer>)
    },
  }
}

function reserve(bytes: number): SharedArrayBuffer | undefined {
  const pages = bytes / wasmPageBytes
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
  } catch {
    // A limit on address space; without it bytes go through the page cache.
    return undefined
  }
}
