import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiBase, operations } from '@shaman-farm/manager-api'
import { openManager } from '../running-manager.ts'
import './contract/meta.ts'
import './contract/workers.ts'
import './contract/jobs.ts'
import './contract/farm.ts'
import './contract/care.ts'
import './contract/auth.ts'
import './contract/outputs.ts'
import { answersSeen, openSetting } from './contract/setting.ts'

test('every operation of the contract is served, and the OpenAPI document names it', async (t) => {
  const manager = await openManager(t)
  const response = await fetch(`${manager.url}${apiBase}/openapi3.json`)
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { operationId?: string }>>
  }
  const served = Object.values(paths).flatMap((path) =>
    Object.values(path).map((o) => o.operationId),
  )
  const missing = Object.keys(operations).filter((id) => !served.includes(id))
  assert.deepEqual(missing, [])
})

test('an id that is none is refused by every operation that takes one', async (t) => {
  const { expect } = await openSetting(t)
  for (const [id, { path, responses }] of Object.entries(operations)) {
    const name = /\{((?:job|task|worker|tag)_id)\}/.exec(path)?.[1]
    if (!name || !(400 in responses)) continue
    await expect(id as keyof typeof operations, 400, { params: { [name]: 'none' }, body: {} })
  }
})

/** What needs a fault of the machine, or more load than a test makes; told in words elsewhere. */
const untriable = [500, 503]

test('every answer that the contract documents was given by a manager in these tests', () => {
  const documented = Object.entries(operations).flatMap(([id, { responses }]) =>
    Object.keys(responses).map((status) => `${id} ${status}`),
  )
  const missing = documented.filter(
    (answer) =>
      !answersSeen.has(answer) && !untriable.some((status) => answer.endsWith(`${status}`)),
  )
  assert.deepEqual(missing, [])
})
