/** How well a text answers what was typed: undefined for not at all, higher for better. */
export function scoreOf(text: string, typed: string): number | undefined {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return 0
  const lower = text.toLowerCase()
  const at = lower.indexOf(wanted)
  if (at === 0) return 100 - lower.length / 1000
  if (at > 0) return (/[\s_\-/]/.test(lower[at - 1]!) ? 80 : 60) - lower.length / 1000
  return lettersInOrder(lower, wanted) ? 20 - lower.length / 1000 : undefined
}

function lettersInOrder(text: string, wanted: string): boolean {
  let at = 0
  for (const letter of wanted.replaceAll(' ', '')) {
    at = text.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return true
}

export function bestOf<T>(
  items: readonly T[],
  typed: string,
  textOf: (item: T) => string,
  most = 12,
): T[] {
  return items
    .flatMap((item) => {
      const score = scoreOf(textOf(item), typed)
      return score === undefined ? [] : [{ item, score }]
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, most)
    .map((one) => one.item)
}
