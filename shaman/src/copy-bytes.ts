/**
 * Copies all of `source` to a place in `target`. Into memory that threads share, V8 copies word by word, lest another thread see
 * half of one: 470 ms a GiB from a socket. `fill` takes what it is given in one piece, and knows of no threads.
 */
export function copyBytes(source: Uint8Array, target: Buffer, at: number): void {
  const end = at + source.byteLength
  if (end > target.byteLength) throw new RangeError('there is no room for so many bytes')
  // Nothing would be an endless pattern.
  if (end > at) target.fill(source, at, end)
}
