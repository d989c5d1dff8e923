/** Decodes one LZ4 block into `out`; the bytes written. Throws a RangeError instead of leaving either buffer. */
export function decodeLz4Block(block: Buffer, out: Buffer): number {
  let [from, to] = [0, 0]
  const next = (): number => {
    if (from >= block.length) throw new RangeError('The LZ4 block ends too early')
    return block[from++]!
  }
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble === 15) {
      let more: number
      do {
        more = next()
        length += more
      } while (more === 255)
    }
    return length
  }
  while (from < block.length) {
    const token = next()
    const literals = lengthFrom(token >> 4)
    if (from + literals > block.length || to + literals > out.length) {
      throw new RangeError('The LZ4 block holds more than it may')
    }
    block.copy(out, to, from, from + literals)
    from += literals
    to += literals
    // The last sequence has literals only.
    if (from >= block.length) break
    const distance = next() | (next() << 8)
    const length = lengthFrom(token & 15) + 4
    if (distance === 0 || distance > to || to + length > out.length) {
      throw new RangeError('The LZ4 block points outside itself')
    }
    // Byte by byte: a match may overlap what it writes.
    for (let i = 0; i < length; i += 1) out[to + i] = out[to + i - distance]!
    to += length
  }
  return to
}
