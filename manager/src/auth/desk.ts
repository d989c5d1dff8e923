import { existsSync } from 'node:fs'
import {
  type AuditEntry,
  createManagerClient,
  type Enrolment,
  type NewToken,
  type TokenInfo,
  type TokenOrder,
} from '@shaman-farm/manager-api'
import { UserError } from '@shaman-farm/terminal'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { openConfig } from '../config/config.ts'
import { openDatabase } from '../db/open.ts'
import { createWorkersStore } from '../workers/workers-store.ts'
import { createAuditStore } from './audit-store.ts'
import { createEnrolmentsStore } from './enrolments-store.ts'
import { createTokensStore } from './tokens-store.ts'

/** Where tokens are given out: on the manager's machine, or over the network by an admin. */
export interface Desk {
  tokens(): Promise<TokenInfo[]>
  createToken(order: TokenOrder): Promise<NewToken>
  revokeToken(id: string): Promise<void>
  enrolments(): Promise<Enrolment[]>
  approve(workerId: string): Promise<void>
  audit(query: { who?: string; limit?: number }): Promise<AuditEntry[]>
  close(): void
}

export function openRemoteDesk(url: string, token: string | undefined): Desk {
  const client = createManagerClient({ url, ...(token ? { token } : {}) })
  return {
    tokens: async () => (await client.farmTokens()).tokens,
    createToken: (body) => client.farmCreateToken({ body }),
    revokeToken: (token_id) => client.farmRevokeToken({ params: { token_id } }),
    enrolments: async () => (await client.farmEnrolments()).workers,
    approve: (worker_id) => client.farmApproveWorker({ params: { worker_id } }),
    audit: async (query) => (await client.farmAudit({ query })).entries,
    close() {},
  }
}

const formWithTokens = 4

/**
 * In the manager's own database, whether it runs or not: who can write that file needs no token, and somebody has to make
 * the first.
 */
export function openLocalDesk(dataDir: string, configFile?: string): Desk {
  const { current } = openConfig({ dataDir, configFile })
  const db = open(current.databasePath)
  const by = 'command line'
  const [tokens, enrolments] = [createTokensStore(db), createEnrolmentsStore(db)]
  const [workers, audit] = [createWorkersStore(db), createAuditStore(db)]
  const record = (operation: string, path: string, detail: string): void =>
    audit.add({
      at: Date.now(),
      who: by,
      role: 'admin',
      address: 'local',
      operation,
      path,
      status: 200,
      detail,
    })
  return {
    tokens: async () => tokens.all(),
    async createToken(order) {
      const made = tokens.create(order, by)
      record('farmCreateToken', made.info.id, JSON.stringify(order))
      return made
    },
    async revokeToken(id) {
      if (!tokens.revoke(id)) throw unknown('token', id)
      record('farmRevokeToken', id, '')
    },
    enrolments: async () => enrolments.waiting(),
    async approve(id) {
      const worker = workers.byUuid(id)
      if (!worker) throw unknown('worker', id)
      enrolments.approve(worker.id, by, Date.now())
      workers.setRequest(worker.id, { status: 'awake', isLazy: false }, Date.now())
      record('farmApproveWorker', id, '')
    },
    audit: async (query) => audit.list(query),
    close: () => void db.close(),
  }
}

function open(path: string): Database.Database {
  if (!existsSync(path)) openDatabase({ path, log: pino({ level: 'silent' }) }).close()
  const db = new Database(path, { timeout: 5_000 })
  const form = db.pragma('user_version', { simple: true }) as number
  if (form >= formWithTokens) return db
  db.close()
  throw new UserError('The database is of an older version', {
    code: 'DATABASE_TOO_OLD',
    hint: 'Start the manager of this version once; it brings the database up to date.',
  })
}

function unknown(what: string, id: string): UserError {
  return new UserError(`There is no ${what} ${id}`, { code: `${what.toUpperCase()}_UNKNOWN` })
}
