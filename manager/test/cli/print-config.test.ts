import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { farm } from './farm-command.ts'

test('the configuration in force is printed without its secrets, and no manager is started', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'farm-print-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const client = { enabled: true, broker: 'tcp://broker', username: 'me', password: 'sesame' }
  const written = { _meta: { version: 3 }, task_timeout: '7m', mqtt: { client } }
  await writeFile(join(dir, 'flamenco-manager.yaml'), JSON.stringify(written))
  const flags = ['--data', dir, '--storage', join(dir, 'store'), '--port', '9999', '--json']
  const { code, stdout } = await farm('manager', '--print-config', ...flags)
  assert.equal(code, 0)
  assert.ok(!stdout.includes('sesame'))
  const { file, in_force } = JSON.parse(stdout)
  assert.deepEqual([file.task_timeout, file.mqtt.client.username], ['7m', 'me'])
  assert.deepEqual([in_force.storage, in_force.port], [join(dir, 'store'), 9999])

  await writeFile(join(dir, 'flamenco-manager.yaml'), JSON.stringify({ _meta: { version: 2 } }))
  const refused = await farm('manager', '--print-config', ...flags)
  assert.notEqual(refused.code, 0)
  assert.match(`${refused.stdout}${refused.stderr}`, /version/)
})
