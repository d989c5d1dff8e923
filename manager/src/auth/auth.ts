import type { Farm } from '../farm.ts'
import { FarmError } from '../problems.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { type AuditStore, createAuditStore } from './audit-store.ts'
import { createEnrolmentsStore, type EnrolmentsStore } from './enrolments-store.ts'
import { createLimit, type Limit } from './limits.ts'
import { createOwnersStore, type OwnersStore } from './owners-store.ts'
import { anyone, type Principal } from './principal.ts'
import { createSecretChecker } from './secrets.ts'
import { createTickets, type Tickets } from './tickets.ts'
import { createTokensStore, type TokenRecord, type TokensStore } from './tokens-store.ts'

/** Who is who. */
export interface Auth {
  readonly tokens: TokensStore
  readonly owners: OwnersStore
  readonly enrolments: EnrolmentsStore
  readonly audit: AuditStore
  readonly tickets: Tickets
  /** Failed attempts to be somebody, by address. */
  readonly failures: Limit
  identifyWorker(uuid: string, secret: string, address: string): Promise<Principal>
  /** Whether a worker is still to be let in. */
  isWaiting(worker: WorkerRecord): boolean
  /** @param isOptional a wrong token is then as good as none, as long as it is not tried too often */
  identifyBearer(token: string, address: string, isOptional: boolean): Principal
  identifyTicket(ticket: string): Principal
}

const failuresAMinute = 20

export function createAuth(farm: Farm): Auth {
  const { db, now, workers, log } = farm
  const tokens = createTokensStore(db, now)
  const enrolments = createEnrolmentsStore(db)
  const tickets = createTickets(now)
  const secrets = createSecretChecker(now)
  const failures = createLimit({ most: failuresAMinute, perMs: 60_000, now })

  function fail(who: string, address: string): void {
    failures.count(address)
    log.warn({ address, who }, 'authentication failed')
  }

  async function checkSlowly(id: number, stored: string, secret: string): Promise<boolean> {
    const { isRight, better } = await secrets.check(secret, stored)
    if (better) workers.setSecret(id, better)
    return isRight
  }

  return {
    tokens,
    enrolments,
    tickets,
    failures,
    owners: createOwnersStore(db),
    audit: createAuditStore(db),
    async identifyWorker(uuid, secret, address) {
      const worker = workers.byUuid(uuid)
      if (!worker) return anyone
      if (!secrets.isKnown(secret, worker.secret)) {
        // Before the slow hash: it must not become a way to keep the manager busy.
        refuseTooMany(failures, address)
        if (!(await checkSlowly(worker.id, worker.secret, secret))) {
          fail(uuid, address)
          return anyone
        }
      }
      return { name: worker.name, role: 'worker', worker }
    },
    isWaiting: ({ id }) => farm.config.current.raw.auth === 'tokens' && enrolments.isWaiting(id),
    identifyBearer(text, address, isOptional) {
      const token = tokens.find(text)
      if (token) return principalOf(token)
      refuseTooMany(failures, address)
      fail('bearer', address)
      if (isOptional) return anyone
      throw new FarmError('TOKEN_UNKNOWN', 'This token is not, or no longer, valid here', {
        hint: 'Ask an admin of the farm for a new one.',
      })
    },
    identifyTicket(ticket) {
      const id = tickets.find(ticket)
      const token = id === undefined ? undefined : tokens.byId(id)
      return token ? principalOf(token) : anyone
    },
  }
}

export function refuseTooMany(limit: Limit, address: string): void {
  if (!limit.isReached(address)) return
  throw new FarmError('TOO_MANY_ATTEMPTS', 'Too many attempts from this address', {
    hint: 'Wait a minute. Behind a proxy, name it in trusted_proxies, or all its clients count as one.',
  })
}

function principalOf({ id, name, role }: TokenRecord): Principal {
  return { name, role, tokenId: id }
}
