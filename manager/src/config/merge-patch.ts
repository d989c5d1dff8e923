/** JSON merge patch, RFC 7396: what it names is changed, `null` removes, arrays are replaced whole. */

export type Json = Record<string, unknown>

export function applyPatch(target: Json, patch: Json): Json {
  const result = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue
    if (value === null) delete result[key]
    else if (isObject(value)) result[key] = applyPatch(asObject(own(target, key)), value)
    else result[key] = value
  }
  return result
}

/** The patch that makes `after` of `before`. */
export function patchBetween(before: Json, after: Json): Json {
  const patch: Json = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [own(before, key), own(after, key)]
    if (is === undefined) patch[key] = null
    else if (isObject(was) && isObject(is)) {
      const inner = patchBetween(was, is)
      if (Object.keys(inner).length > 0) patch[key] = inner
    } else if (JSON.stringify(was) !== JSON.stringify(is)) patch[key] = is
  }
  return patch
}

/** The places a patch touches, as dotted keys. */
export function touchedKeys(patch: Json, prefix = ''): string[] {
  return Object.entries(patch).flatMap(([key, value]) =>
    isObject(value) && Object.keys(value).length > 0
      ? touchedKeys(value, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  )
}

/** Two dotted keys are about the same place when one holds the other. */
export function isSamePlace(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {}
}

function own(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
