import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { needWorker } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import { announceWorker } from '../lifecycle/announce.ts'
import { FarmError } from '../problems.ts'
import { registerWorker } from '../workers/worker-session.ts'
import { type Auth, refuseTooMany } from './auth.ts'
import { ticketCookie } from './credentials.ts'
import { createLimit } from './limits.ts'
import { hashSecret } from './secrets.ts'

const ticketMs = 60_000
const cookieMs = 12 * 3_600_000
const mostWaiting = 200

export function authHandlers(farm: Farm, auth: Auth): Handlers {
  const { config } = farm
  const isOpen = (): boolean => config.current.raw.auth === 'open'
  const registrations = createLimit({
    most: config.current.raw.registrations_per_minute,
    perMs: 60_000,
    now: farm.now,
  })
  return {
    farmWhoAmI({ caller, headers }) {
      const mode = config.current.raw.auth
      const isBearer = /^bearer /i.test(headers.authorization ?? '')
      if (mode === 'tokens' && isBearer && caller.role === 'anyone') {
        throw new FarmError('TOKEN_UNKNOWN', 'This token is not, or no longer, valid here')
      }
      return ok(
        caller.role === 'anyone' ? { mode } : { mode, name: caller.name, role: caller.role },
      )
    },
    farmAuthTicket({ caller, reply }) {
      const tokenId = caller.tokenId ?? ''
      const long = auth.tickets.issue(tokenId, cookieMs)
      const secure = reply.request.protocol === 'https' ? '; Secure' : ''
      reply.header(
        'set-cookie',
        `${ticketCookie}=${long.ticket}; Path=/; Max-Age=${cookieMs / 1000}; HttpOnly; SameSite=Strict${secure}`,
      )
      const { ticket, expiresAt } = auth.tickets.issue(tokenId, ticketMs)
      return ok({ ticket, expires_at: dateTime(expiresAt) })
    },
    farmTokens: () => ok({ tokens: auth.tokens.all() }),
    farmCreateToken({ body, caller }) {
      // Or whoever came by while the farm was open would keep a way in after it was closed.
      if (isOpen()) {
        throw new FarmError('ROLE_TOO_LOW', 'An open farm makes no tokens over the network', {
          hint: "Make it on the manager's machine: `farm token create --role admin --name NAME`.",
        })
      }
      return ok(auth.tokens.create(body, caller.name))
    },
    farmRevokeToken({ params }) {
      if (auth.tokens.revoke(params.token_id)) return noContent
      throw new FarmError('TOKEN_NOT_FOUND', `There is no token ${params.token_id} to revoke`)
    },
    farmEnrolments: () => ok({ workers: auth.enrolments.waiting() }),
    farmApproveWorker({ params, caller }) {
      const worker = needWorker(farm, params.worker_id)
      farm.transaction(() => {
        auth.enrolments.approve(worker.id, caller.name, farm.now())
        farm.workers.setRequest(worker.id, { status: 'awake', isLazy: false }, farm.now())
        announceWorker(farm, farm.workers.byId(worker.id), { previous: worker.status })
      })
      farm.log.info({ worker: worker.uuid, by: caller.name }, 'worker let in')
      return noContent
    },
    farmAudit: ({ query }) => ok({ entries: auth.audit.list(query) }),

    async registerWorker({ body, address, headers }) {
      refuseTooMany(registrations, address)
      registrations.count(address)
      const isEnrolled = isOpen() || hasEnrolmentToken(headers['x-farm-enrol'], address)
      if (!isEnrolled && auth.enrolments.waiting().length >= mostWaiting) {
        throw new FarmError('BUSY', 'Too many workers wait to be let in')
      }
      const secretHash = await hashSecret(body.secret)
      const registered = registerWorker(farm, { ...body, secret: secretHash }, address)
      if (!isEnrolled) {
        auth.enrolments.ask(farm.workers.byUuid(registered.uuid)!.id, farm.now())
        farm.log.warn({ worker: registered.uuid, address }, 'worker waits to be let in')
      }
      return ok(registered)
    },
  }

  /** @throws FarmError when there is one, and it is wrong: its bearer should hear of it. */
  function hasEnrolmentToken(header: string | string[] | undefined, address: string): boolean {
    if (typeof header !== 'string' || header === '') return false
    refuseTooMany(auth.failures, address)
    if (auth.tokens.find(header)?.role === 'worker') return true
    auth.failures.count(address)
    throw new FarmError('ENROLMENT_REFUSED', 'This is no enrolment token of this farm', {
      hint: 'Make one with `farm token create --role worker --name NAME`.',
    })
  }
}
