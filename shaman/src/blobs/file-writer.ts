import { type Disk, writeAll } from '../disk.ts'

/** Gathers what comes from a socket into few large writes; one is on its way while the next fills. */
export interface FileWriter {
  write(chunk: Uint8Array): Promise<void>
  /** Resolves when all is written (not yet synced). */
  flush(): Promise<void>
}

const bufferBytes = 1 << 20

/**
 * Creates a writer that appends to an open file. Chunks are copied: kept until a whole MiB is there, the 64 KiB pieces of a
 * socket grow old, and collecting them took three times as long as the copy does.
 *
 * @param expectedBytes what is going to be written, so that a small file takes a small buffer
 */
export function createFileWriter(disk: Disk, fd: number, expectedBytes: number): FileWriter {
  const size = Math.max(1, Math.min(bufferBytes, expectedBytes))
  let filling: Buffer | undefined
  let spare: Buffer | undefined
  let filled = 0
  let writing: Promise<void> = Promise.resolve()

  return {
    async write(chunk) {
      let at = 0
      while (at < chunk.byteLength) {
        filling ??= Buffer.allocUnsafeSlow(size)
        const step = Math.min(chunk.byteLength - at, size - filled)
        filling.set(chunk.subarray(at, at + step), filled)
        at += step
        filled += step
        if (filled === size) await send()
      }
    },
    async flush() {
      if (filled > 0) await send()
      await writing
    },
  }

  async function send(): Promise<void> {
    await writing
    const buffer = filling!
    writing = writeAll(disk, fd, [buffer.subarray(0, filled)])
    // Told by the next write or flush; until then it must not count as unhandled.
    writing.catch(() => undefined)
    filling = spare
    spare = buffer
    filled = 0
  }
}
