import { ShamanClientError } from './errors.ts'

/** Where a store is, and who asks. */
export interface Address {
  /** `http://host:port` of the manager, or of a store served alone. */
  url: string
  token?: string | undefined
  /** The whole header, for those who have no token. */
  authorization?: string | undefined
}

/** Before every path. */
export const apiBase = '/api/v3/shaman'

/** `http://host:port` of an address; throws `URL_INVALID`. */
export function originOf(url: string): string {
  try {
    const { origin, protocol } = new URL(url)
    if (protocol === 'http:' || protocol === 'https:') return origin
  } catch {
    // Told below, as for any other scheme.
  }
  throw new ShamanClientError(
    'URL_INVALID',
    `${JSON.stringify(url)} is not the address of a manager`,
    {
      hint: 'Give it as http://host:8080',
    },
  )
}

/** The header that says who asks; undefined for nobody in particular. */
export function authorizationOf({ token, authorization }: Address): string | undefined {
  return token === undefined ? authorization : `Bearer ${token}`
}
