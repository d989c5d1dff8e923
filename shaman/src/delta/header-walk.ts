/** Goes through a stream from header to header; what lies between them is passed over without a look. */
export interface HeaderWalk {
  /** The bytes of the header that is being read. */
  readonly header: Uint8Array
  readonly view: DataView
  /** Where in the stream it begins. */
  readonly at: number
  /** Takes the next bytes; `onWhole` is called with each header that is whole, and says where to go on. */
  take(bytes: Uint8Array, onWhole: () => void): void
  /** Passes over bytes when no header begins in them; else does nothing and returns false. */
  skip(length: number): boolean
  /** The next header begins at an offset, which may lie ahead, and has so many bytes. */
  goTo(offset: number, bytes: number): void
  /** The header at hand turns out to have so many bytes. */
  wantMore(bytes: number): void
  /** There are no headers any more. */
  stop(): void
}

/** Begins at the first byte, with a header of `first` bytes; none has more than `most`. */
export function createHeaderWalk({ first, most }: { first: number; most: number }): HeaderWalk {
  const header = new Uint8Array(most)
  const view = new DataView(header.buffer)
  let at = 0
  let wanted = first
  let filled = 0
  let taken = 0

  return {
    header,
    view,
    get at() {
      return at
    },
    take(bytes, onWhole) {
      const end = taken + bytes.length
      while (at + filled < end) {
        const from = at + filled - taken
        const part = bytes.subarray(from, from + wanted - filled)
        header.set(part, filled)
        filled += part.length
        if (filled < wanted) break
        onWhole()
      }
      taken = end
    },
    skip(length) {
      if (filled > 0 || at < taken + length) return false
      taken += length
      return true
    },
    goTo(offset, bytes) {
      at = offset
      wanted = bytes
      filled = 0
    },
    wantMore(bytes) {
      wanted = bytes
    },
    stop() {
      at = Number.POSITIVE_INFINITY
    },
  }
}
