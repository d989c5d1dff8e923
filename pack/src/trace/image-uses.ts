import type { BlendStruct } from '../blend/reader.ts'

/** The frames that one user of an image sequence can show: `count` of them after `offset`. */
export interface FrameUse {
  readonly offset: number
  readonly count: number
  /** The scene's frame that shows the first. */
  readonly start: number
  readonly isCyclic: boolean
}

/** Frames from first to last. */
export interface FrameRange {
  readonly first: number
  readonly last: number
}

/** Reads an `ImageUser`; undefined where it tells nothing about frames. */
export function readFrameUse(user: BlendStruct | undefined): FrameUse | undefined {
  const count = user?.number('frames')
  if (!user || !count || count < 0) return undefined
  return {
    offset: user.number('offset') ?? 0,
    count,
    start: user.number('sfra') ?? 1,
    isCyclic: (user.number('cycl') ?? 0) !== 0,
  }
}

/** Which frames images are shown with, gathered from everything that shows one. */
export interface ImageUses {
  /** @param node the name of the node that shows it, empty for what is no node; frames undefined: nobody knows which */
  add(blend: string, image: string, frames: FrameUse | undefined, node: string): void
  /** Frames change while the scene plays, where this path of an F-curve or driver says so. */
  animate(rnaPath: string): void
  /** Undefined if nobody knows. */
  of(blend: string, image: string): readonly FrameUse[] | undefined
}

interface ImageShown {
  readonly frames: FrameUse | undefined
  readonly node: string
}

export function collectImageUses(): ImageUses {
  const uses = new Map<string, ImageShown[]>()
  const animated = new Set<string>()
  const keyOf = (blend: string, image: string): string => `${blend}\0${image}`
  return {
    add(blend, image, frames, node) {
      const key = keyOf(blend, image)
      uses.set(key, [...(uses.get(key) ?? []), { frames, node }])
    },
    animate(rnaPath) {
      const node = nodeWithAnimatedFrames(rnaPath)
      if (node !== undefined) animated.add(node)
    },
    of(blend, image) {
      const known: FrameUse[] = []
      for (const { frames, node } of uses.get(keyOf(blend, image)) ?? []) {
        if (!frames || animated.has(node)) return undefined
        known.push(frames)
      }
      return known.length > 0 ? known : undefined
    },
  }
}

/**
 * The node whose frames a path animates, `nodes["Mouth"].image_user.frame_offset`; empty for what is no node, undefined
 * for any other path. An action does not say whose it is, so nodes of one name are taken together.
 */
function nodeWithAnimatedFrames(rnaPath: string): string | undefined {
  if (!/\bframe_(offset|duration|start)$/.test(rnaPath)) return undefined
  const [, quoted = ''] = /nodes\["((?:\\.|[^"\\])*)"\][^"]*$/s.exec(rnaPath) ?? []
  return quoted.replace(/\\(.)/gs, '$1')
}

/** All frames that these users can show, in order, without overlap. */
export function usableFrames(uses: readonly FrameUse[]): FrameRange[] {
  return mergeRanges(uses.map(({ offset, count }) => ({ first: offset + 1, last: offset + count })))
}

/** The frames that these users do show while the scene plays. Outside their range they hold the nearest. */
export function shownFrames(uses: readonly FrameUse[], scene: FrameRange): FrameRange[] {
  return mergeRanges(
    uses.map(({ offset, count, start, isCyclic }) => {
      if (isCyclic) return { first: offset + 1, last: offset + count }
      const within = (frame: number): number => Math.min(Math.max(frame - start + 1, 1), count)
      return { first: offset + within(scene.first), last: offset + within(scene.last) }
    }),
  )
}

export function mergeRanges(ranges: readonly FrameRange[]): FrameRange[] {
  const merged: FrameRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = merged.at(-1)
    if (!last || range.first > last.last + 1) merged.push(range)
    else merged[merged.length - 1] = { first: last.first, last: Math.max(last.last, range.last) }
  }
  return merged
}
