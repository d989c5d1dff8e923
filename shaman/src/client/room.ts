/**
 * Takes what lies at the start of the bytes; answers how many it is done with. The rest comes again with more behind it,
 * for which the room must be large enough.
 */
export type Consume = (bytes: Buffer) => number

/** Memory that bytes arrive in and are used in, without being copied in between. */
export interface Room {
  /** Where the next bytes may be put; never empty. */
  free(): Buffer
  /** So many have been put there. */
  filled(count: number): void
  /** For bytes that lie elsewhere. */
  put(bytes: Uint8Array): void
}

/** Creates a room of so many bytes for things that are each smaller. */
export function createRoom(size: number, consume: Consume): Room {
  const memory = Buffer.allocUnsafeSlow(size)
  let from = 0
  let to = 0

  const room: Room = {
    free: () => memory.subarray(to),
    filled(count) {
      to += count
      while (from < to) {
        const done = consume(memory.subarray(from, to))
        if (done === 0) break
        from += done
      }
      if (from === to) from = to = 0
      // Little room makes little reads.
      else if (size - to < size >> 3) moveToStart()
    },
    put(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const free = room.free()
        const part = bytes.subarray(at, at + free.length)
        free.set(part)
        room.filled(part.length)
        at += part.length
      }
    },
  }
  return room

  function moveToStart(): void {
    if (from === 0 && to === size)
      throw new RangeError(`what arrives needs more than ${size} bytes`)
    memory.copyWithin(0, from, to)
    to -= from
    from = 0
  }
}
