import type { ByteSource } from './byte-source.ts'
import type { LooseBytes } from './chunk-lists.ts'

/** A source whose loose bytes, of which most literals are, lie in memory already. */
export function withLoose(source: ByteSource, loose: LooseBytes | undefined): ByteSource {
  if (loose === undefined) return source
  const { ranges, bytes } = loose
  const starts: number[] = []
  let start = 0
  for (const { length } of ranges) {
    starts.push(start)
    start += length
  }
  return {
    ...source,
    async read(target, offset) {
      const index = lastAtOrBefore(ranges, offset)
      const range = ranges[index]
      if (range === undefined || offset >= range.offset + range.length) {
        const next = ranges[index + 1]?.offset ?? Number.POSITIVE_INFINITY
        return source.read(target.subarray(0, Math.min(target.length, next - offset)), offset)
      }
      const from = starts[index]! + offset - range.offset
      const part = bytes.subarray(
        from,
        Math.min(from + target.length, starts[index]! + range.length),
      )
      target.set(part)
      return part.length
    },
  }
}

function lastAtOrBefore(ranges: LooseBytes['ranges'], offset: number): number {
  let [low, high] = [-1, ranges.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (ranges[middle]!.offset <= offset) low = middle
    else high = middle - 1
  }
  return low
}
