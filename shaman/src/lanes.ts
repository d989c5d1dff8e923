/** Runs an action on each item, at most `lanes` at a time; the first failure stops the start of more and is thrown. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  let failure: unknown
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const item = items[next]!
      next += 1
      try {
        await action(item)
      } catch (error) {
        if (!failed) failure = error
        failed = true
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  if (failed) throw failure
}
