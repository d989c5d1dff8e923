import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openConfig } from '../../src/config/config.ts'
import { formatDuration, parseDuration } from '../../src/config/durations.ts'
import { maskSecrets } from '../../src/config/secrets.ts'

function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'farm-config-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const flamenco = `
_meta:
  version: 3
manager_name: Studio
listen: 10.0.0.1:8123
shared_storage_path: /mnt/render
shaman:
  enabled: false
task_timeout: 1h30m
unknown_key: kept
variables:
  blender:
    values:
      - platform: linux
        value: /opt/blender/blender
`

test('a configuration written for Flamenco is understood, with our defaults for the rest', (t) => {
  const dataDir = tempDir(t)
  writeFileSync(join(dataDir, 'flamenco-manager.yaml'), flamenco)
  const { current } = openConfig({ dataDir })
  assert.equal(current.raw.manager_name, 'Studio')
  assert.equal(current.host, '10.0.0.1')
  assert.equal(current.port, 8123)
  assert.equal(current.storage, '/mnt/render')
  assert.equal(current.jobsLocation, '/mnt/render')
  assert.equal(current.taskTimeoutMs, 90 * 60_000)
  assert.equal(current.workerTimeoutMs, 60_000)
  assert.deepEqual(Object.keys(current.raw.variables), ['blender'])
})

test('without a file everything has its default, and the storage lies in the data folder', (t) => {
  const dataDir = tempDir(t)
  const { current } = openConfig({ dataDir })
  assert.equal(current.storage, join(dataDir, 'storage'))
  assert.equal(current.port, 8080)
})

test('it is the first run until somebody has said where the storage is to be', (t) => {
  const dataDir = tempDir(t)
  assert.equal(openConfig({ dataDir }).current.isFirstRun, true)
  assert.equal(openConfig({ dataDir, storage: '/other' }).current.isFirstRun, false)
  writeFileSync(join(dataDir, 'flamenco-manager.yaml'), flamenco)
  assert.equal(openConfig({ dataDir }).current.isFirstRun, false)
})

test('flags come before the file', (t) => {
  const dataDir = tempDir(t)
  writeFileSync(join(dataDir, 'flamenco-manager.yaml'), flamenco)
  const { current } = openConfig({ dataDir, storage: '/other', port: 0, host: '127.0.0.1' })
  assert.deepEqual([current.storage, current.port, current.host], ['/other', 0, '127.0.0.1'])
})

for (const [what, text] of [
  ['no YAML', '{{{'],
  ['no version', 'manager_name: x'],
  ['another version', '_meta: {version: 2}'],
  ['a wrong duration', '_meta: {version: 3}\ntask_timeout: soon'],
  ['a wrong type', '_meta: {version: 3}\nblocklist_threshold: many'],
]) {
  test(`a configuration with ${what} is refused`, (t) => {
    const dataDir = tempDir(t)
    writeFileSync(join(dataDir, 'flamenco-manager.yaml'), text!)
    assert.throws(() => openConfig({ dataDir }), { code: 'CONFIG_INVALID' })
  })
}

test('a change is checked, stored for its owner only, and a masked secret keeps its value', (t) => {
  const dataDir = tempDir(t)
  const config = openConfig({ dataDir })
  const client = { broker: 'tcp://b', clientID: '', topic_prefix: '', username: '', password: 'pw' }
  config.replace({ _meta: { version: 3 }, mqtt: { client } })
  const shown = maskSecrets(config.current.raw)
  assert.equal(shown.mqtt.client.password, '********')
  config.replace({ ...shown, manager_name: 'Renamed' })
  assert.equal(config.current.raw.mqtt.client.password, 'pw')
  assert.throws(() => config.replace({ ...shown, worker_timeout: 'x' }), { code: 'CONFIG_INVALID' })
  const { configFile } = config.current
  assert.match(readFileSync(configFile, 'utf8'), /manager_name: Renamed/)
  assert.equal(statSync(configFile).mode & 0o777, 0o600)
})

test('durations are read and written as in the file', () => {
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('1.5s'), 1_500)
  assert.equal(parseDuration('250ms'), 250)
  assert.equal(parseDuration('0'), 0)
  assert.equal(parseDuration('ten minutes'), undefined)
  assert.equal(formatDuration(5_400_000), '1h30m')
})
