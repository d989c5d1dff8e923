/** As `Promise.all`, but it rejects, for the first of them that failed, only once nothing is under way any more. */
export async function allEnded<T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}
