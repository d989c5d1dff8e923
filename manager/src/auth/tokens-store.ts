import { hash, randomBytes } from 'node:crypto'
import type { NewToken, Role, TokenInfo, TokenOrder } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import { dateTime, optionalTime } from '../db/times.ts'
import { isSame } from './secrets.ts'

export interface TokenRecord {
  id: string
  name: string
  role: Role
  hash: string
  created_at: number
  created_by: string
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
}

export type TokensStore = ReturnType<typeof createTokensStore>

// Written down now and then only: a token is used with every request.
const usedEveryMs = 60_000

/**
 * `farm_<id>_<secret>`: the id finds the row, the secret is 32 random bytes. One SHA-256 of it is enough, for there is no
 * dictionary of such; a slow hash would cost every request and protect nothing.
 */
export function createTokensStore(db: Db, now: () => number = Date.now) {
  const byId = db.prepare<[string], TokenRecord>('SELECT * FROM tokens WHERE id = ?')
  const all = db.prepare<[], TokenRecord>('SELECT * FROM tokens ORDER BY created_at, id')
  const insert = db.prepare(
    `INSERT INTO tokens (id, name, role, hash, created_at, created_by, expires_at)
     VALUES (@id, @name, @role, @hash, @created_at, @created_by, @expires_at)`,
  )
  const used = db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?')
  const revoke = db.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
  const isValid = (token: TokenRecord): boolean =>
    token.revoked_at === null && (token.expires_at === null || token.expires_at > now())

  return {
    all: (): TokenInfo[] => all.all().map(infoOf),
    create({ name, role, expires_in_s }: TokenOrder, createdBy: string): NewToken {
      const [id, secret] = [randomBytes(6).toString('hex'), randomBytes(32).toString('base64url')]
      insert.run({
        id,
        name,
        role,
        hash: hashOf(secret),
        created_at: now(),
        created_by: createdBy,
        expires_at: expires_in_s === undefined ? null : now() + expires_in_s * 1000,
      })
      return { token: `farm_${id}_${secret}`, info: infoOf(byId.get(id)!) }
    },
    /** Whose it is; undefined when it is none, or no longer. */
    find(text: string): TokenRecord | undefined {
      const [, id, secret] = /^farm_([0-9a-f]{12})_([\w-]{43})$/.exec(text) ?? []
      const token = id === undefined ? undefined : byId.get(id)
      if (!token || !isSame(hashOf(secret!), token.hash) || !isValid(token)) return undefined
      if (now() - (token.last_used_at ?? 0) >= usedEveryMs) used.run(now(), token.id)
      return token
    },
    byId(id: string): TokenRecord | undefined {
      const token = byId.get(id)
      return token && isValid(token) ? token : undefined
    },
    revoke: (id: string): boolean => revoke.run(now(), id).changes === 1,
  }
}

function hashOf(secret: string): string {
  return hash('sha256', secret)
}

function infoOf(token: TokenRecord): TokenInfo {
  const { id, name, role, created_by } = token
  return {
    id,
    name,
    role,
    created_by,
    created_at: dateTime(token.created_at),
    ...optionalTime('expires_at', token.expires_at),
    ...optionalTime('last_used_at', token.last_used_at),
    ...optionalTime('revoked_at', token.revoked_at),
  }
}
