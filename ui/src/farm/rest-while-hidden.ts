import type { Live } from './live.ts'

/** Who comes back to a tab at once finds it as it was. */
const restAfterMs = 5000

/**
 * Lets a stream rest while nobody sees the page, be it from the start. Without HTTP/2 a browser opens six connections to a host for
 * all its tabs together: streams of tabs in the background would take them, and the next tab would load nothing at all.
 * Returns what stops the watching.
 */
export function restWhileHidden(
  live: Pick<Live, 'rest' | 'wake'>,
  page: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'> = document,
  afterMs = restAfterMs,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const follow = (): void => {
    clearTimeout(timer)
    if (page.hidden) timer = setTimeout(live.rest, afterMs)
    else live.wake()
  }
  if (page.hidden) live.rest()
  page.addEventListener('visibilitychange', follow)
  return () => {
    clearTimeout(timer)
    page.removeEventListener('visibilitychange', follow)
  }
}
