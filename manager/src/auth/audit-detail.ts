const mostChars = 600
const secretKey = /secret|passw|token|credential|private/i

/** The beginning of a request's body for people to read, with nothing in it that is nobody's business. */
export function detailOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return ''
  const text = JSON.stringify(body, (key, value: unknown) =>
    secretKey.test(key) && typeof value === 'string' && value !== '' ? '********' : value,
  )
  return text.length > mostChars ? `${text.slice(0, mostChars)}…` : text
}
