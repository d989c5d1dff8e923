import { isObject, type Json } from './merge-patch.ts'

const mask = '********'

/** Where the configuration holds what nobody needs to read back; `*` is any key. */
const secretPlaces = [
  ['mqtt', 'client', 'password'],
  ['webhooks', '*', 'secret'],
] as const

/** The same with its secrets masked, to be shown or kept. */
export function maskSecrets<T extends object>(config: T): T {
  return secretPlaces.reduce(
    (masked, place) => at(masked, place, (secret) => (secret === '' ? '' : mask)),
    config as Json,
  ) as T
}

/** A mask that comes back stands for the secret that is known. */
export function keepSecrets(given: Json, known: object): Json {
  return secretPlaces.reduce(
    (filled, place) =>
      at(filled, place, (secret, path) =>
        secret === mask ? (valueAt(known, path) ?? '') : secret,
      ),
    given,
  )
}

/** A copy with the strings at a place changed. */
function at(
  object: Json,
  place: readonly string[],
  change: (secret: string, path: readonly string[]) => unknown,
  path: readonly string[] = [],
): Json {
  const [wanted, ...rest] = place
  const keys = wanted === '*' ? Object.keys(object) : [wanted!]
  const copy = { ...object }
  for (const key of keys.filter((key) => Object.hasOwn(object, key))) {
    const value = object[key]
    const here = [...path, key]
    if (rest.length === 0 && typeof value === 'string') copy[key] = change(value, here)
    else if (rest.length > 0 && isObject(value)) copy[key] = at(value, rest, change, here)
  }
  return copy
}

function valueAt(object: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), object)
}
