import { createHash, hash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify<string, string, number, object, Buffer>(scrypt)

/**
 * 4 MiB and some 10 ms for one. Workers' secrets are random and long, so that more would buy nothing, while a farm of a
 * thousand that signs on after a restart pays this a thousand times.
 */
const cost = { N: 4096, r: 8, p: 1 }
const keyBytes = 32

/** A worker's secret as it is stored: `scrypt$N$r$p$salt$key`. */
export async function hashSecret(secret: string, salt = randomBytes(16).toString('hex')) {
  const key = await derive(secret, salt, keyBytes, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt, key.toString('hex')].join('$')
}

async function matches(secret: string, stored: string): Promise<boolean> {
  if (!isSlow(stored)) return isSame(fastHash(secret, stored.split('$')[0] ?? ''), stored)
  const [, n, r, p, salt, key] = stored.split('$')
  const made = await derive(secret, salt!, keyBytes, { N: Number(n), r: Number(r), p: Number(p) })
  return isSame(made.toString('hex'), key!)
}

function isSlow(stored: string): boolean {
  return stored.startsWith('scrypt$')
}

/** How secrets were stored at first; such rows are written anew when their worker is next heard of. */
export function fastHash(secret: string, salt: string): string {
  return `${salt}$${createHash('sha256').update(salt).update(secret).digest('hex')}`
}

export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

export interface SecretChecker {
  /** At once, without the slow hash, for what was found right not long ago. */
  isKnown(secret: string, stored: string): boolean
  /** @returns whether it is right, and the form it should be stored in from now on */
  check(secret: string, stored: string): Promise<{ isRight: boolean; better?: string }>
}

const rememberMs = 10 * 60_000
const mostRemembered = 10_000

/** A request costs a keyed hash, and the slow one only once in ten minutes. */
export function createSecretChecker(now: () => number = Date.now): SecretChecker {
  const key = randomBytes(32).toString('hex')
  const known = new Map<string, { mark: string; until: number }>()
  // Marks never leave this process. An HMAC would make a key object for every request, at five times the cost.
  const markOf = (secret: string): string => hash('sha256', key + secret)
  const remember = (secret: string, stored: string): void => {
    if (known.size >= mostRemembered) known.clear()
    known.set(stored, { mark: markOf(secret), until: now() + rememberMs })
  }
  return {
    isKnown(secret, stored) {
      const entry = known.get(stored)
      return entry !== undefined && entry.until > now() && isSame(markOf(secret), entry.mark)
    },
    async check(secret, stored) {
      if (!(await matches(secret, stored))) return { isRight: false }
      const better = isSlow(stored) ? undefined : await hashSecret(secret)
      remember(secret, better ?? stored)
      return { isRight: true, ...(better ? { better } : {}) }
    },
  }
}
