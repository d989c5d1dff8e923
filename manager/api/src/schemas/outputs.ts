import { Type } from 'typebox'
import { Uuid } from './common.ts'

/** SHA-256, in hex, of all that decides what a frame looks like. */
export const ReuseKey = Type.String({ pattern: '^[0-9a-f]{64}$' })

export const ReusedFrom = Type.Object({ job: Uuid, task: Uuid })
export type ReusedFrom = Type.Static<typeof ReusedFrom>

export const ReusableQuestion = Type.Object({
  frames: Type.Array(Type.Object({ frame: Type.Integer(), key: ReuseKey }), { maxItems: 10_000 }),
})
export type ReusableQuestion = Type.Static<typeof ReusableQuestion>

export const ReusableFrames = Type.Object({
  frames: Type.Array(
    Type.Object({
      frame: Type.Integer(),
      sha: Type.String(),
      size: Type.Integer(),
      name: Type.String({ description: 'what the file was called' }),
      from: ReusedFrom,
    }),
  ),
})
export type ReusableFrames = Type.Static<typeof ReusableFrames>

export const Upcoming = Type.Object({ checkouts: Type.Array(Type.String()) })
export type Upcoming = Type.Static<typeof Upcoming>
