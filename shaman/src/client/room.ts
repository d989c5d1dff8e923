/**
 * Takes what lies at the start of the bytes; answers how many it is done with. The rest comes again with more behind it,
 * for which the room must be large enough.
 */
export type Consume = (bytes: Buffer) => number

/** Memory in which pieces of a stream become whole things. */
export interface Room {
  put(bytes: Uint8Array): void
  /** Whether all that was put has been consumed. */
  readonly isEmpty: boolean
}

/** Creates a room of so many bytes for things that are each smaller. */
export function createRoom(size: number, consume: Consume): Room {
  const memory = Buffer.allocUnsafeSlow(size)
  let from = 0
  let to = 0

  return {
    get isEmpty() {
      return from === to
    },
    put(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + size - to)
        memory.set(part, to)
        to += part.length
        at += part.length
        use()
      }
    },
  }

  function use(): void {
    while (from < to) {
      const done = consume(memory.subarray(from, to))
      if (done === 0) break
      from += done
    }
    if (from === to) from = to = 0
    else if (to === size) moveToStart()
  }

  function moveToStart(): void {
    if (from === 0) throw new RangeError(`what arrives needs more than ${size} bytes`)
    memory.copyWithin(0, from, to)
    to -= from
    from = 0
  }
}
