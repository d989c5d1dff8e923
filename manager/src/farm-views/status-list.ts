import { FarmError } from '../problems.ts'

/** The statuses a query names; undefined when it names none. */
export function statusList(
  text: string | undefined,
  known: readonly string[],
): string[] | undefined {
  if (!text) return undefined
  const statuses = text.split(',').map((status) => status.trim())
  const wrong = statuses.find((status) => !known.includes(status))
  if (wrong === undefined) return statuses
  throw new FarmError('BAD_REQUEST', `"${wrong}" is no status`, {
    hint: `Statuses are ${known.join(', ')}.`,
  })
}
