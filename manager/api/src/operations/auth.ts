import { Type } from 'typebox'
import {
  AuditEntry,
  Enrolment,
  NewToken,
  Ticket,
  TokenInfo,
  TokenOrder,
  WhoAmI,
} from '../schemas/auth.ts'
import { operation, refusals } from './operation.ts'

const auth = { tag: 'auth' } as const

export const authOperations = {
  farmWhoAmI: operation({
    ...auth,
    method: 'GET',
    path: '/farm/auth',
    summary: 'Whether this farm asks for tokens, and whose the one sent is',
    responses: { 200: WhoAmI, ...refusals(401) },
  }),
  farmAuthTicket: operation({
    ...auth,
    method: 'POST',
    path: '/farm/auth/ticket',
    summary: 'A short-lived ticket for streams, and a cookie for images and downloads',
    responses: { 200: Ticket, ...refusals(401) },
  }),
  farmTokens: operation({
    ...auth,
    method: 'GET',
    path: '/farm/auth/tokens',
    summary: 'The tokens that were given out; never the tokens themselves',
    responses: { 200: Type.Object({ tokens: Type.Array(TokenInfo) }) },
  }),
  farmCreateToken: operation({
    ...auth,
    method: 'POST',
    path: '/farm/auth/tokens',
    summary: 'Make a token; the answer is the only time it is shown',
    body: TokenOrder,
    responses: { 200: NewToken, ...refusals(400, 403) },
  }),
  farmRevokeToken: operation({
    ...auth,
    method: 'DELETE',
    path: '/farm/auth/tokens/{token_id}',
    summary: 'Revoke a token; whoever bears it is refused from then on',
    responses: { 204: null, ...refusals(404) },
  }),
  farmEnrolments: operation({
    ...auth,
    method: 'GET',
    path: '/farm/auth/enrolments',
    summary: 'Workers that wait to be let in',
    responses: { 200: Type.Object({ workers: Type.Array(Enrolment) }) },
  }),
  farmApproveWorker: operation({
    ...auth,
    method: 'POST',
    path: '/farm/auth/enrolments/{worker_id}/approve',
    summary: 'Let a worker in; to refuse it, delete the worker',
    responses: { 204: null, ...refusals(400, 404) },
  }),
  farmAudit: operation({
    ...auth,
    method: 'GET',
    path: '/farm/audit',
    summary: 'Who changed what, latest first',
    query: Type.Object({
      who: Type.Optional(Type.String()),
      before: Type.Optional(
        Type.Integer({ minimum: 1, description: 'only entries older than this one' }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
    responses: { 200: Type.Object({ entries: Type.Array(AuditEntry) }) },
  }),
} as const
