import { readFileSync } from 'node:fs'
import type { Farm } from '../farm.ts'
import { FarmError } from '../problems.ts'

/** For Fastify: a certificate and its key when the configuration names them. */
export function tlsOptions({ config }: Farm): { https?: { cert: Buffer; key: Buffer } } {
  const { tls } = config.current
  if (!tls) return {}
  return { https: { cert: read('tls.cert', tls.cert), key: read('tls.key', tls.key) } }
}

function read(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new FarmError('CONFIG_INVALID', `${key}: ${(cause as Error).message}`, {
      cause,
      hint: 'Both tls.cert and tls.key name PEM files that this user can read.',
    })
  }
}

/** Whose X-Forwarded-For counts: nobody's, unless named. */
export function trustedProxies({ config }: Farm): string[] | false {
  const { trusted_proxies } = config.current.raw
  return trusted_proxies.length > 0 ? trusted_proxies : false
}
