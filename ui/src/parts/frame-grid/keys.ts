/** Where a key takes the active cell; undefined when the key means nothing here. */
export function moveBy(
  key: string,
  index: number,
  grid: { count: number; columns: number; pageRows?: number },
  isTrouble: (index: number) => boolean,
): number | undefined {
  const { count, columns, pageRows = 5 } = grid
  if (count === 0) return undefined
  const clamp = (to: number): number => Math.min(count - 1, Math.max(0, to))
  const vertical = (by: number): number => {
    const to = index + by * columns
    return to < 0 || to >= count ? (by < 0 ? index % columns : clamp(to)) : to
  }
  switch (key) {
    case 'ArrowLeft':
    case 'h':
      return clamp(index - 1)
    case 'ArrowRight':
    case 'l':
      return clamp(index + 1)
    case 'ArrowUp':
    case 'k':
      return index - columns < 0 ? index : index - columns
    case 'ArrowDown':
    case 'j':
      return index + columns >= count ? index : index + columns
    case 'PageUp':
      return vertical(-pageRows)
    case 'PageDown':
      return vertical(pageRows)
    case 'Home':
      return 0
    case 'End':
      return count - 1
    case 'f':
      return seek(index, 1, count, isTrouble)
    case 'F':
      return seek(index, -1, count, isTrouble)
    default:
      return undefined
  }
}

/** The next cell in trouble, around the end if need be; stays where there is none. */
function seek(
  index: number,
  by: 1 | -1,
  count: number,
  isTrouble: (index: number) => boolean,
): number {
  for (let step = 1; step <= count; step += 1) {
    const at = (index + by * step + count * 2) % count
    if (isTrouble(at)) return at
  }
  return index
}
