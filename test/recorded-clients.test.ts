import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from './farm.ts'
import { type Exchange, echo, replay } from './recorded.ts'

const files = globSync('fixtures/recorded/*.json', { cwd: import.meta.dirname })

test('clients of earlier releases were recorded', () => {
  assert.ok(files.some((file) => file.includes('worker-')))
  assert.ok(files.some((file) => file.includes('submit-')))
})

for (const file of files) {
  const name = basename(file, '.json')
  test(`${name}: what it sent is answered as it was`, async (t) => {
    const exchanges = JSON.parse(
      readFileSync(join(import.meta.dirname, file), 'utf8'),
    ) as Exchange[]
    const farm = await startFarm(t)
    if (name.startsWith('worker')) await farm.api.submitJob({ body: echo })
    assert.deepEqual(await replay(farm.url, exchanges), [])
    const { jobs } = await farm.api.fetchJobs()
    const wanted = name.startsWith('worker') ? 'completed' : 'paused'
    assert.deepEqual(
      jobs.map(({ status }) => status),
      [wanted],
    )
  })
}
