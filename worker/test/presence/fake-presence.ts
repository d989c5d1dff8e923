import type { Presence, Yielding } from '../../src/presence/presence.ts'

/** Somebody who comes and goes as the test says. */
export function fakePresence(how: Yielding): Presence & { set(isHere: boolean): void } {
  const watchers = new Set<(isHere: boolean) => void>()
  let isHere = false
  return {
    how,
    get isHere() {
      return isHere
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => void watchers.delete(onChange)
    },
    close() {},
    set(now) {
      isHere = now
      for (const onChange of [...watchers]) onChange(now)
    },
  }
}
