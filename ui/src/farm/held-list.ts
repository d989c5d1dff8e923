import { type Accessor, createEffect, createSignal } from 'solid-js'

export interface HeldView<Row> {
  rows: readonly Row[]
  /** Rows that would appear, vanish or move if the list were let go. */
  pending: number
}

/**
 * The order shown while a pointer, focus or selection rests on a list: rows keep their places and
 * take new content; new order waits.
 */
export function holdOrder<Row>(
  shown: readonly Row[],
  next: readonly Row[],
  keyOf: (row: Row) => string,
): HeldView<Row> {
  const nextByKey = new Map(next.map((row) => [keyOf(row), row]))
  const rows = shown.map((row) => nextByKey.get(keyOf(row)) ?? row)
  return { rows, pending: countMoves(shown.map(keyOf), next.map(keyOf)) }
}

function countMoves(shown: readonly string[], next: readonly string[]): number {
  const inShown = new Set(shown)
  const inNext = new Set(next)
  const gone = shown.filter((key) => !inNext.has(key)).length
  const fresh = next.filter((key) => !inShown.has(key)).length
  const placeOf = new Map(next.map((key, place) => [key, place]))
  const places = shown.flatMap((key) => placeOf.get(key) ?? [])
  return gone + fresh + (places.length - longestRise(places))
}

/** Length of the longest increasing subsequence: the rows that need not move. */
function longestRise(places: readonly number[]): number {
  const tails: number[] = []
  for (const place of places) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (tails[middle]! < place) low = middle + 1
      else high = middle
    }
    tails[low] = place
  }
  return tails.length
}

/** A list whose order rests while `held` says so, and what then waits. What answers another question is shown at once. */
export function createHeldList<Row>(options: {
  next: Accessor<readonly Row[]>
  held: Accessor<boolean>
  keyOf: (row: Row) => string
  /** The order and the filter that `next` is of. */
  question: Accessor<unknown>
}) {
  const { next, held, keyOf, question } = options
  const [view, setView] = createSignal<HeldView<Row>>({ rows: [], pending: 0 })
  createEffect<unknown>((answered) => {
    const rows = next()
    const asked = question()
    const isHeld = held() && asked === answered
    setView((before) => (isHeld ? holdOrder(before.rows, rows, keyOf) : { rows, pending: 0 }))
    return asked
  })
  return {
    rows: () => view().rows,
    pending: () => view().pending,
    release: () => setView({ rows: next(), pending: 0 }),
  }
}
