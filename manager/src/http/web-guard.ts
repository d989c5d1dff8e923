import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { FarmError } from '../problems.ts'

/**
 * The API is open to the network it stands in, but not to every web page somebody there opens. A page elsewhere can
 * send requests here (told by Origin), and can even pretend to come from here by letting its own name point at this
 * address (told by Host). Programs other than browsers have no such problem and may use any name.
 */
export function refuseForeignPages(request: FastifyRequest, allowedHosts: readonly string[]): void {
  const { origin, host } = request.headers
  if (origin !== undefined && origin !== 'null' && hostOf(origin) !== host) {
    throw refusal(`a page of ${origin}`)
  }
  if (origin === 'null') throw refusal('a page without an origin')
  if (isBrowser(request) && !isOwnName(host ?? '', allowedHosts)) {
    throw refusal(`a page under the name ${host}`)
  }
}

function refusal(who: string): FarmError {
  return new FarmError('NOT_FOR_WEB_PAGES', `Refused to ${who}`, {
    hint: 'If this is the name of your manager, add it to allowed_hosts in the configuration.',
  })
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host
}

/** Browsers call themselves so; over plain HTTP they send nothing else to tell them by. */
function isBrowser(request: FastifyRequest): boolean {
  return (
    request.headers.origin !== undefined ||
    (request.headers['user-agent'] ?? '').startsWith('Mozilla/')
  )
}

/** Names that no stranger can register: addresses, this machine, names without a dot, local domains. */
function isOwnName(host: string, allowed: readonly string[]): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  return (
    isIP(name) !== 0 ||
    !name.includes('.') ||
    /\.(localhost|local|lan|internal|home\.arpa)$/.test(name) ||
    name === hostname().toLowerCase() ||
    allowed.some((entry) => entry.toLowerCase() === name)
  )
}
