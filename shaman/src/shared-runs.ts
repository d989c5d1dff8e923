/**
 * Lets many share few runs of an action that makes lasting what was there when it began, such as a flush. Whoever asks while
 * one is under way needs a new one, and shares it with all who ask until that begins.
 */
export function createSharedRuns(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  const begin = (): Promise<void> => {
    const run = action().finally(() => {
      if (running === run) running = undefined
    })
    running = run
    return run
  }

  return () => {
    if (!running && !next) return begin()
    next ??= Promise.resolve(running)
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }
}
