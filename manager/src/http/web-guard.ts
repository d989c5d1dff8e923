import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { FarmError } from '../problems.ts'

/**
 * The API is open to the network it stands in, but not to every web page somebody there opens. A page elsewhere can
 * send requests here (told by Origin and Sec-Fetch-Site), and can pretend to come from here by letting its own name
 * point at this address (told by Host). The name is asked of everyone: what a request says of its program, a page may
 * write as well.
 */
export function refuseForeignPages(request: FastifyRequest, allowedHosts: readonly string[]): void {
  const { origin, host } = request.headers
  if (host !== undefined && !isOwnName(nameOf(host), allowedHosts)) {
    throw new FarmError(
      'HOST_NOT_ALLOWED',
      `This manager does not go by the name ${nameOf(host)}`,
      {
        hint: `If it is one of its names, add "${nameOf(host)}" to allowed_hosts in flamenco-manager.yaml; by its address it always answers.`,
      },
    )
  }
  if (origin !== undefined && (origin === 'null' || hostOf(origin) !== host)) {
    throw foreign(origin === 'null' ? 'a page without an origin' : `a page of ${origin}`)
  }
  // Images and scripts of other sites bring no Origin. A link that somebody follows may lead here.
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  if (
    (site === 'cross-site' || site === 'same-site') &&
    !(mode === 'navigate' && isRead(request))
  ) {
    throw foreign('a page of another site')
  }
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function foreign(who: string): FarmError {
  return new FarmError('NOT_FOR_WEB_PAGES', `Refused to ${who}`, {
    hint: 'Only the dashboard of this manager may ask, under the address it was opened at.',
  })
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host
}

function nameOf(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
}

/** Names that no stranger can register: addresses, this machine, names without a dot, local domains. */
function isOwnName(name: string, allowed: readonly string[]): boolean {
  return (
    isIP(name) !== 0 ||
    /^[\w-]+$/.test(name) ||
    /^[\w.-]+\.(localhost|local|lan|internal|home\.arpa)$/.test(name) ||
    name === hostname().toLowerCase() ||
    allowed.some((entry) => entry.toLowerCase() === name)
  )
}
