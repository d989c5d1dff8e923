import { type Accessor, createMemo } from 'solid-js'

/** What was there once keeps its place, and what is new comes last: so counts can change and nothing moves. */
export function createSteady<T>(present: () => readonly T[]): Accessor<readonly T[]> {
  return createMemo<readonly T[]>((before) => {
    const fresh = present().filter((one) => !before.includes(one))
    return fresh.length > 0 ? [...before, ...fresh] : before
  }, [])
}

/** What goes leaves its place empty, and what comes takes the first that is: the others stay where they are. */
export function placed<T extends string>(
  before: readonly (T | undefined)[],
  present: readonly T[],
): (T | undefined)[] {
  const places = before.map((one) => (one !== undefined && present.includes(one) ? one : undefined))
  for (const fresh of present.filter((one) => !places.includes(one))) {
    const free = places.indexOf(undefined)
    if (free < 0) places.push(fresh)
    else places[free] = fresh
  }
  return places
}
