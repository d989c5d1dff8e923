import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { openManager, signOnWorker, submitEcho, workOff } from '../running-manager.ts'
import { farm } from './farm-command.ts'

test('a job can be listed, shown, read, steered and deleted from the command line', async (t) => {
  const manager = await openManager(t)
  const at = ['--manager', manager.url]
  const job = await submitEcho(manager, { name: 'my job' })
  const list = await farm('job', 'list', ...at)
  assert.match(list.stdout, new RegExp(`${job.id.slice(0, 8)}\\s+queued\\s+0 %\\s+50\\s+my job`))
  assert.match((await farm('job', 'pause', job.id.slice(0, 8), ...at)).stdout, /"my job" paused/)
  assert.match((await farm('job', 'show', job.id, ...at)).stdout, /status\s+paused/)
  assert.equal((await farm('job', 'requeue', job.id, ...at)).code, 0)
  await workOff(await signOnWorker(manager))
  const [shown] = (await farm('job', 'show', job.id, '--json', ...at)).stdout.trim().split('\n')
  assert.equal(JSON.parse(shown!).status, 'completed')
  const log = await farm('job', 'log', job.id, '--task', 'echo', ...at)
  assert.match(log.stdout, /ran echo/)
  const refused = await farm('job', 'cancel', job.id, ...at)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /completed cannot become cancel-requested/)
  assert.equal((await farm('job', 'delete', job.id, ...at)).code, 0)
})

test('a finished job is archived, and both archiving and deleting tell first what they would free', async (t) => {
  const manager = await openManager(t)
  const at = ['--manager', manager.url]
  const bytes = Buffer.alloc(3_000_000, 'x')
  const client = createShamanClient({ url: manager.url })
  const { checkoutPath } = await client.submit({
    files: [{ path: 'a.bin', digest: digestOf(bytes), source: { bytes } }],
    checkoutPath: 'shot',
  })
  await client.close()
  const job = await submitEcho(manager, {
    name: 'shot 1',
    storage: { shaman_checkout_id: checkoutPath },
  })
  for (const dry of [[], ['--dry-run']]) {
    const early = await farm('job', 'archive', job.id, ...dry, ...at)
    assert.equal(early.code, 1)
    assert.match(early.stderr, /queued cannot be archived[\s\S]*cancel it first/i)
  }
  await workOff(await signOnWorker(manager))

  const facts = { id: job.id, name: 'shot 1', checkouts: 1, frees_bytes: bytes.length }
  for (const [verb, past] of [
    ['archive', 'archived'],
    ['delete', 'deleted'],
  ] as const) {
    const { stdout } = await farm('job', verb, job.id, '--dry-run', '--json', ...at)
    const wanted = { ...facts, keeps_shared_bytes: 0, event: `would-be-${past}` }
    assert.deepEqual(JSON.parse(stdout), wanted)
  }
  assert.equal((await manager.client.farmJob({ params: { job_id: job.id } })).archived, undefined)

  const done = await farm('job', 'archive', job.id.slice(0, 8), ...at)
  assert.match(done.stdout, /"shot 1" archived, which frees 3\.00 MB at the next garbage/)
  const { archived } = await manager.client.farmJob({ params: { job_id: job.id } })
  assert.match((await farm('job', 'show', job.id, ...at)).stdout, /archived\s+20/)
  for (const dry of [[], ['--dry-run']]) {
    const twice = await farm('job', 'archive', job.id, ...dry, ...at)
    assert.equal(twice.code, 0)
    assert.match(
      twice.stdout,
      new RegExp(`"shot 1" was archived already, on ${archived}; nothing to do`),
    )
  }
  const said = JSON.parse((await farm('job', 'archive', job.id, '--json', ...at)).stdout)
  assert.deepEqual(said, { id: job.id, name: 'shot 1', event: 'already-archived', archived })
  const again = await farm('job', 'requeue', job.id, ...at)
  assert.match(again.stderr, /is archived: its files are gone/)
  const gone = await farm('job', 'delete', job.id, ...at)
  assert.match(gone.stdout, /"shot 1" deleted; no checkout goes with it/)
})

test('mistakes are told in words, and as JSON to a machine', async () => {
  const gone = await farm('job', 'list', '--manager', 'http://127.0.0.1:9')
  assert.equal(gone.code, 1)
  assert.match(gone.stderr, /cannot be reached[\s\S]*farm manager/)
  const json = await farm('job', 'show', 'nonsense!', '--json', '--manager', 'http://127.0.0.1:9')
  assert.equal(JSON.parse(json.stdout).code, 'BAD_ID')
})
