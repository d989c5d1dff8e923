import { type Accessor, createMemo } from 'solid-js'

/** What was there once keeps its place, and what is new comes last: so counts can change and nothing moves. */
export function createSteady<T>(present: () => readonly T[]): Accessor<readonly T[]> {
  return createMemo<readonly T[]>((before) => {
    const fresh = present().filter((one) => !before.includes(one))
    return fresh.length > 0 ? [...before, ...fresh] : before
  }, [])
}
