const maxDepth = 16

/** A copy made of JSON's values only. What JSON has no word for is an error that says where, not a silent null. */
export function plainValue(value: unknown, where: string, depth = 0): unknown {
  if (depth > maxDepth)
    throw new TypeError(`${where} is nested deeper than ${maxDepth}, or in itself`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${where} is ${value}, not a number`)
    return value
  }
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) {
    return value.map((item, index) => plainValue(item ?? null, `${where}[${index}]`, depth + 1))
  }
  if (typeof value === 'object') return plainObject(value, where, depth)
  throw new TypeError(`${where} is a ${typeof value}, which can't be sent to a worker`)
}

function plainObject(value: object, where: string, depth: number): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    Object.defineProperty(plain, key, {
      value: plainValue(item, `${where}.${key}`, depth + 1),
      enumerable: true,
    })
  }
  return plain
}
