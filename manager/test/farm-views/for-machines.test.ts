import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openManager, signOnWorker, submitEcho } from '../running-manager.ts'

test('whether the manager can work is told in one look: not while the storage is gone', async (t) => {
  const manager = await openManager(t)
  const look = async () => {
    const response = await fetch(`${manager.url}/healthz`)
    const { status, checks } = (await response.json()) as {
      status: string
      checks: Record<string, string>
    }
    return { answer: response.status, status, checks }
  }
  assert.deepEqual(await look(), {
    answer: 200,
    status: 'ok',
    checks: { database: 'ok', storage: 'ok' },
  })
  await rm(join(manager.dir, 'storage'), { recursive: true })
  const { answer, status, checks } = await look()
  assert.deepEqual([answer, status, checks.database], [503, 'degraded', 'ok'])
  assert.match(checks.storage!, /ENOENT/)
})

test('Prometheus reads how many jobs, tasks and workers there are, and how long answers take', async (t) => {
  const manager = await openManager(t)
  await submitEcho(manager)
  await signOnWorker(manager)
  const response = await fetch(`${manager.url}/metrics`)
  assert.match(response.headers.get('content-type')!, /^text\/plain/)
  const text = await response.text()
  for (const line of [
    'shaman_farm_jobs{status="queued"} 1',
    'shaman_farm_workers{status="awake"} 1',
    'shaman_farm_tasks_of_unfinished_jobs{status="queued"} 3',
    'shaman_farm_request_seconds_count{method="POST",route="/api/v3/jobs",status="200"} 1',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`)
  }
  assert.match(text, /^shaman_farm_process_resident_memory_bytes \d/m)
})
