import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startManagerProcess } from '../src/farm-process.ts'

test('a manager that cannot start says why, without its log', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'farm-process-'))
  const other = createServer().listen(0)
  t.after(() => {
    other.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const port = String((other.address() as AddressInfo).port)
  const started = startManagerProcess([
    '--port',
    port,
    '--data',
    join(dir, 'data'),
    '--storage',
    join(dir, 'storage'),
  ])
  const told = `Port ${port} is in use\nAnother manager may be running.`
  await assert.rejects(started, (error: { code?: string; hint?: string }) => {
    return error.code === 'MANAGER_FAILED' && error.hint?.startsWith(told) === true
  })
})
