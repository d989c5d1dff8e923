import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { FarmError } from '../problems.ts'
import type { WorkerRecord, WorkersStore } from '../workers/workers-store.ts'

/**
 * A worker's secret is 32 random bytes, not a password: nothing can be guessed from a dictionary, so one salted
 * SHA-256 is enough, and at 1,000 requests a second a slow hash would be the manager's main occupation.
 */
export function hashSecret(secret: string, salt = randomBytes(16).toString('hex')): string {
  return `${salt}$${createHash('sha256').update(salt).update(secret).digest('hex')}`
}

export function isSecret(secret: string, stored: string): boolean {
  const [salt] = stored.split('$')
  const given = Buffer.from(hashSecret(secret, salt))
  const known = Buffer.from(stored)
  return given.length === known.length && timingSafeEqual(given, known)
}

export function createAuthenticator(
  workers: WorkersStore,
): (request: FastifyRequest) => WorkerRecord {
  return (request) => {
    const credentials = readBasic(request.headers.authorization)
    const worker = credentials && workers.byUuid(credentials.user)
    if (worker && isSecret(credentials.password, worker.secret)) return worker
    throw new FarmError('NOT_AUTHENTICATED', 'security requirements failed: unknown worker', {
      hint: 'Register the worker again: it may have been removed, or this is another manager.',
    })
  }
}

function readBasic(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
