import { createEffect, createSignal, on } from 'solid-js'
import type { TaskLog } from '../farm/log.ts'
import type { LogLine } from '../farm/log-buffer.ts'
import type { Match } from '../farm/log-find.ts'

export const lineHeight = 18

/**
 * Where a log is looked at. It follows the end until somebody scrolls up; near either end of what is loaded the next part is
 * read, and the line under the eye stays where it is.
 */
export function createLogScroll(parts: {
  log: TaskLog
  lines: () => readonly LogLine[]
  scroller: () => HTMLElement
  scrollTo: (index: number, align: 'start' | 'center') => void
}) {
  const { log, lines } = parts
  const [following, setFollowing] = createSignal(true)
  const [seen, setSeen] = createSignal(0)
  const [target, setTarget] = createSignal<number>()
  let reading = false

  createEffect(
    on(lines, (all) => {
      if (!following()) return
      // What scrolled away long ago is read again when somebody goes there.
      log.forgetBeginning()
      setSeen(all.length)
      requestAnimationFrame(() => {
        parts.scroller().scrollTop = parts.scroller().scrollHeight
      })
    }),
  )

  return {
    following,
    /** How many lines came since somebody scrolled up. */
    fresh: () => (log.isDetached() ? 0 : Math.max(0, lines().length - seen())),
    /** Where the line begins that was gone to. */
    target,
    onScroll,
    show,
    toBeginning: () => show({ offset: 0, line: 1 }),
    follow,
  }

  function onScroll(): void {
    const { scrollHeight, scrollTop, clientHeight } = parts.scroller()
    const below = scrollHeight - scrollTop - clientHeight
    const isBottom = below < lineHeight * 1.5
    if (isBottom) setSeen(lines().length)
    setFollowing(isBottom && !log.isDetached())
    if (scrollTop < lineHeight * 4 && log.buffer().start > 0) void grow(log.loadEarlier)
    else if (below < lineHeight * 4 && log.isDetached()) void grow(log.loadLater)
  }

  async function grow(load: () => Promise<void>): Promise<void> {
    if (reading) return
    reading = true
    const at = Math.floor(parts.scroller().scrollTop / lineHeight)
    const eye = lines()[at]
    const before = lines().length
    await load()
    const moved = eye ? lines().findIndex((line) => line.offset === eye.offset) - at : 0
    parts.scroller().scrollTop += moved * lineHeight
    setSeen((count) => count + lines().length - before)
    reading = false
  }

  async function show({ offset, line }: Match, align: 'start' | 'center' = 'start'): Promise<void> {
    setFollowing(false)
    await log.jumpTo(offset, line)
    setTarget(offset)
    setSeen(lines().length)
    // The first lines make the list appear: before that there is nothing to scroll.
    await new Promise(requestAnimationFrame)
    const index = lines().findIndex((one) => one.offset >= offset)
    if (index >= 0) parts.scrollTo(index, align)
  }

  async function follow(): Promise<void> {
    await log.toEnd()
    setFollowing(true)
    setSeen(lines().length)
    parts.scroller().scrollTop = parts.scroller().scrollHeight
  }
}
