import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { apiBase, operations } from '@shaman-farm/manager-api'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import {
  openManager,
  signOnWorker,
  type TestManager,
  type TestWorker,
} from '../../running-manager.ts'

/** `operationId status` of every answer that was as documented. */
export const answersSeen = new Set<string>()

/** A manager, a worker, and requests that are held against the contract. */
export interface Setting {
  manager: TestManager
  worker: TestWorker
  /** Sends and checks: the status is as wanted, documented, and the body fits its schema. */
  expect(id: keyof typeof operations, status: number, request?: Request): Promise<unknown>
}

interface Request {
  params?: Record<string, string>
  query?: string
  body?: unknown
  raw?: { type: string; bytes: Buffer }
  as?: TestWorker | 'nobody'
  headers?: Record<string, string>
}

export async function openSetting(t: TestContext): Promise<Setting> {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  return { manager, worker, expect: (...args) => expectAnswer(manager, worker, ...args) }
}

export async function expectAnswer(
  manager: TestManager,
  worker: TestWorker | undefined,
  id: keyof typeof operations,
  status: number,
  request: Request = {},
): Promise<unknown> {
  const operation: { path: string; method: string; auth?: string; responses: object } =
    operations[id]
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => request.params![name]!)
  const who = request.as ?? (operation.auth === 'worker' && worker ? worker : 'nobody')
  const hasBody = request.body !== undefined && operation.method !== 'GET'
  const body = request.raw?.bytes ?? (hasBody ? JSON.stringify(request.body) : null)
  const response = await fetch(`${manager.url}${apiBase}${path}${request.query ?? ''}`, {
    method: operation.method,
    headers: {
      ...(body === null ? {} : { 'content-type': request.raw?.type ?? 'application/json' }),
      ...(who === 'nobody' ? {} : { authorization: `Basic ${btoa(`${who.uuid}:${who.secret}`)}` }),
      ...request.headers,
    },
    body: body as never,
    // Against a hang, not a wait: on a machine that renders, what starts a process takes its time.
    signal: AbortSignal.timeout(180_000),
  })
  const text = await response.text()
  assert.equal(response.status, status, `${id}: ${text}`)
  const schema = (operation.responses as Record<number, TSchema | null | 'raw'>)[status]
  assert.notEqual(schema, undefined, `${id} does not document ${status}`)
  answersSeen.add(`${id} ${status}`)
  if (schema === null) return assert.equal(text, '', `${id} ${status} has no body`)
  if (schema === 'raw') return text
  const answer: unknown = JSON.parse(text)
  const [wrong] = Value.Errors(schema!, answer)
  assert.equal(wrong, undefined, `${id} ${status}: ${JSON.stringify(wrong)} in ${text}`)
  assert.ok(!text.includes(':null'), `${id}: Flamenco's clients know no null: ${text}`)
  return answer
}

export const nobody = { as: 'nobody' } as const
export const unknownId = '00000000-0000-4000-8000-000000000000'

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come to pass in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
