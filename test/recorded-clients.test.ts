import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from './farm.ts'
import { type Exchange, echo, replay } from './recorded.ts'

const files = globSync('fixtures/recorded/*.json', { cwd: import.meta.dirname })

// Flamenco's 3.9-beta1 stood before the same recorder; the bytes of files and the lines of logs were made up after.
/** How a recording leaves its jobs; `echo` is there before where the recording submits none. */
const ends = {
  worker: { before: [echo], statuses: ['completed'] },
  submit: { before: [], statuses: ['paused'] },
  'flamenco-worker': { before: [], statuses: ['canceled', 'completed', 'completed'] },
  'flamenco-addon': { before: [], statuses: ['queued'] },
}

test('our clients of earlier releases were recorded, and Flamenco’s', () => {
  const clients = new Set(files.map(clientOf))
  assert.deepEqual([...clients].sort(), Object.keys(ends).sort())
})

for (const file of files) {
  const name = basename(file, '.json')
  test(`${name}: what it sent is answered as it was`, async (t) => {
    const exchanges = JSON.parse(
      readFileSync(join(import.meta.dirname, file), 'utf8'),
    ) as Exchange[]
    const { before, statuses } = ends[clientOf(file)]
    const farm = await startFarm(t)
    for (const body of before) await farm.api.submitJob({ body })
    assert.deepEqual(await replay(farm.url, exchanges), [])
    const { jobs } = await farm.api.fetchJobs()
    assert.deepEqual(jobs.map(({ status }) => status).sort(), statuses)
  })
}

/** `fixtures/recorded/flamenco-worker-3.9.json` is of `flamenco-worker`. */
function clientOf(file: string): keyof typeof ends {
  return basename(file).replace(/-[\d.]+\.json$/, '') as keyof typeof ends
}
