import type { BlendStruct } from '../blend/reader.ts'

/** The frames that one user of an image sequence shows: `count` of them after `offset`. */
export interface FrameUse {
  readonly offset: number
  readonly count: number
}

/** Reads an `ImageUser`; undefined where it tells nothing about frames. */
export function readFrameUse(user: BlendStruct | undefined): FrameUse | undefined {
  const count = user?.number('frames')
  if (!user || !count || count < 0) return undefined
  return { offset: user.number('offset') ?? 0, count }
}
