/** A source of chance that gives the same for the same seed. */
export interface Chance {
  /** 0 <= n < 1 */
  next(): number
  between(low: number, high: number): number
  pick<T>(things: readonly T[]): T
}

/** Park and Miller's minimal standard generator. */
export function chanceFrom(seed: number): Chance {
  let state = (seed % 2_147_483_646) + 1
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    pick: (things) => things[Math.floor(next() * things.length)]!,
  }
}
