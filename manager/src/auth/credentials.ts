import type { FastifyRequest } from 'fastify'

export type Given =
  | { kind: 'none' }
  | { kind: 'basic'; user: string; password: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'ticket'; ticket: string }

/** Where a browser keeps its ticket for images and downloads. */
export const ticketCookie = 'farm_ticket'

/**
 * What a request brings. Tickets count for reading only, and their cookie is sent to no request that another site
 * began: nothing a page elsewhere can make a browser do is done in somebody's name.
 */
export function readCredentials(request: FastifyRequest): Given {
  const header = request.headers.authorization ?? ''
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header) ?? []
  if (/^basic$/i.test(scheme)) return readBasic(value)
  if (/^bearer$/i.test(scheme)) return { kind: 'bearer', token: value }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { kind: 'none' }
  const ticket = (request.query as { ticket?: unknown } | null)?.ticket ?? cookieOf(request)
  return typeof ticket === 'string' && ticket !== '' ? { kind: 'ticket', ticket } : { kind: 'none' }
}

function readBasic(encoded: string): Given {
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return { kind: 'none' }
  return { kind: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) }
}

function cookieOf({ headers }: FastifyRequest): string | undefined {
  for (const part of (headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === ticketCookie) return value
  }
  return undefined
}
