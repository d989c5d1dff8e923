/** The API's form of a stored time. */
export function dateTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** For optional fields: a missing time is a missing field, never null. */
export function optionalTime<Key extends string>(
  key: Key,
  ms: number | null,
): { [K in Key]?: string } {
  return ms === null ? {} : ({ [key]: dateTime(ms) } as { [K in Key]: string })
}
