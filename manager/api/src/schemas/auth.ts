import { Type } from 'typebox'
import { DateTime, Uuid } from './common.ts'

/** What a token lets its bearer do; each of the first three may do all that the one before may. */
export const roles = ['artist', 'wrangler', 'admin', 'worker'] as const
export type Role = (typeof roles)[number]

export const authModes = ['open', 'tokens'] as const
export type AuthMode = (typeof authModes)[number]

export const WhoAmI = Type.Object({
  mode: Type.Enum(authModes),
  name: Type.Optional(Type.String()),
  role: Type.Optional(Type.Enum(roles)),
})
export type WhoAmI = Type.Static<typeof WhoAmI>

export const Ticket = Type.Object({
  ticket: Type.String({ description: 'for `?ticket=` where no header can be sent' }),
  expires_at: DateTime,
})
export type Ticket = Type.Static<typeof Ticket>

export const TokenOrder = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f]+$' }),
  role: Type.Enum(roles),
  expires_in_s: Type.Optional(Type.Integer({ minimum: 60, maximum: 315_360_000 })),
})
export type TokenOrder = Type.Static<typeof TokenOrder>

export const TokenInfo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.Enum(roles),
  created_at: DateTime,
  created_by: Type.String(),
  expires_at: Type.Optional(DateTime),
  last_used_at: Type.Optional(DateTime),
  revoked_at: Type.Optional(DateTime),
})
export type TokenInfo = Type.Static<typeof TokenInfo>

export const NewToken = Type.Object({
  token: Type.String({ description: 'told this once; the manager keeps only its hash' }),
  info: TokenInfo,
})
export type NewToken = Type.Static<typeof NewToken>

export const Enrolment = Type.Object({
  worker_id: Uuid,
  name: Type.String(),
  address: Type.String(),
  platform: Type.String(),
  asked_at: DateTime,
})
export type Enrolment = Type.Static<typeof Enrolment>

export const AuditEntry = Type.Object({
  id: Type.Integer(),
  at: DateTime,
  who: Type.String(),
  role: Type.String(),
  address: Type.String(),
  operation: Type.String(),
  path: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'the beginning of the request, without secrets' }),
})
export type AuditEntry = Type.Static<typeof AuditEntry>
