import { FarmError } from '../problems.ts'

/** The statuses a query names, each once; undefined when it names none. */
export function statusList<Status extends string>(
  text: string | undefined,
  known: readonly Status[],
): Status[] | undefined {
  if (!text) return undefined
  const named = text.split(',').map((status) => status.trim())
  const wrong = named.find((status) => !(known as readonly string[]).includes(status))
  if (wrong === undefined) return known.filter((status) => named.includes(status))
  throw new FarmError('BAD_REQUEST', `"${wrong}" is no status`, {
    hint: `Statuses are ${known.join(', ')}.`,
  })
}
