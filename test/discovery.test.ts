import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarmProcess, startManagerProcess } from '@shaman-farm/bin/farm-process'
import { openMachines } from './machines.ts'

// In a network of its own: other farms of this machine and its neighbours must not answer.
test('whoever looks for a manager in its network finds it, and a worker that is told no address works for it', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'farm-discovery-'))
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  const hidden = join(dir, 'hidden')
  await mkdir(hidden)
  const [machine] = (await openMachines(t, 1, hidden)) ?? []
  if (!machine) return t.skip('no network namespaces here')
  const { prefix } = machine
  const manager = await startManagerProcess(['--port', '0', '--data', join(dir, 'manager')], {
    prefix,
  })
  t.after(() => manager.stop())

  const found: string[] = []
  const onLog = (line: string): void => void found.push(line)
  assert.equal(await startFarmProcess(['worker', 'find'], { prefix, onLog }).exited, 0)
  const { port } = new URL(manager.url)
  const [looking, address] = found
  assert.equal(looking, 'Looking for a manager …')
  assert.match(address!, new RegExp(`^http://[\\d.]+:${port}$`))

  const told: string[] = []
  const home = join(dir, 'worker')
  const worker = startFarmProcess(['worker', '--once', '--home', home, '--json'], {
    prefix,
    onEvent: ({ msg, manager: url }) => told.push(`${msg} ${url ?? ''}`),
  })
  t.after(() => worker.stop())
  assert.equal(await worker.exited, 0)
  assert.ok(told.includes(`worker starts ${address}`), told.join('\n'))
  assert.ok(
    told.some((line) => line.startsWith('worker registered')),
    told.join('\n'),
  )
})
