import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { searchLog } from '../../src/logs/search.ts'

async function search(t: TestContext, log: string, text: string, limit = 10) {
  const dir = await mkdtemp(join(tmpdir(), 'farm-log-'))
  t.after(() => rm(dir, { recursive: true }))
  const path = join(dir, 'task.log')
  await writeFile(path, log)
  const { size } = await stat(path)
  return searchLog(path, { size, text, limit })
}

const bytesBefore = (log: string, text: string) =>
  Buffer.byteLength(log.slice(0, log.indexOf(text)))

test('offsets are those of the bytes in the log, whatever its line breaks and letters', async (t) => {
  for (const lineBreak of ['\n', '\r\n']) {
    const log = [
      'first',
      'zweite für später',
      '',
      'Error: 1',
      'progress\rprogress',
      'error: 2',
    ].join(lineBreak)
    const { matches } = await search(t, log, 'ERROR')
    assert.deepEqual(matches, [
      { offset: bytesBefore(log, 'Error: 1'), line: 4, text: 'Error: 1' },
      { offset: bytesBefore(log, 'error: 2'), line: 6, text: 'error: 2' },
    ])
  }
})

test('a line longer than what is read at once keeps its place, and the next one too', async (t) => {
  const log = `ä${'x'.repeat(3_000_000)} late\r\nnext one\r\n`
  const { matches, truncated } = await search(t, log, 'next')
  assert.deepEqual(matches, [{ offset: bytesBefore(log, 'next'), line: 2, text: 'next one' }])
  assert.equal(truncated, false)
})

test('more matches than asked for are said to be left out; an empty log has none', async (t) => {
  assert.equal((await search(t, 'a\na\n', 'a', 1)).truncated, true)
  assert.equal((await search(t, 'a\n', 'a', 1)).truncated, false)
  assert.deepEqual(await search(t, '', 'a'), { matches: [], truncated: false })
})
