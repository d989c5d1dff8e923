/** Things that become known one by one, for several who take them. */
export interface Feed<T> {
  add(items: readonly T[]): void
  /** Nothing more will be added. What was added can still be taken. */
  end(): void
  /** Nothing more can be taken. */
  stop(): void
  /** The next, for whoever asked first; undefined when there is none and will be none, or when it is not `wanted`. */
  take(wanted?: (item: T) => boolean): Promise<T | undefined> | T | undefined
  /** Whether it has ended and all is taken. */
  isOver(): boolean
}

/** Creates an empty feed. */
export function createFeed<T>(): Feed<T> {
  let items: T[] = []
  let taken = 0
  let hasEnded = false
  let news = Promise.withResolvers<void>()
  const tell = (): void => {
    news.resolve()
    news = Promise.withResolvers()
  }

  const feed: Feed<T> = {
    add(more) {
      if (taken > items.length / 2) {
        items = items.slice(taken)
        taken = 0
      }
      for (const item of more) items.push(item)
      tell()
    },
    end() {
      hasEnded = true
      tell()
    },
    stop() {
      items = []
      taken = 0
      feed.end()
    },
    take(wanted = () => true) {
      const next = items[taken]
      if (next === undefined) {
        return hasEnded ? undefined : news.promise.then(() => feed.take(wanted))
      }
      if (!wanted(next)) return undefined
      taken += 1
      return next
    },
    isOver: () => hasEnded && taken === items.length,
  }
  return feed
}
