import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { offsetOfLine } from '../../src/logs/lines.ts'
import { searchLog } from '../../src/logs/search.ts'

async function search(t: TestContext, log: string, text: string, limit = 10) {
  return searchLog(await logFile(t, log), { size: Buffer.byteLength(log), text, limit })
}

async function logFile(t: TestContext, log: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-log-'))
  t.after(() => rm(dir, { recursive: true }))
  const path = join(dir, 'task.log')
  await writeFile(path, log)
  return path
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

test('what stands at the end of a line of many megabytes is found, and told by how the line begins', async (t) => {
  const log = `before\nprogress ${'x'.repeat(5_000_000)} Error: late\nafter`
  const { matches } = await search(t, log, 'error: LATE')
  assert.deepEqual(
    matches.map(({ offset, line, text }) => [offset, line, text.slice(0, 10), text.length]),
    [[7, 2, 'progress x', 500]],
  )
})

test('a text is found wherever a piece of the log ends inside it, and once in a line', async (t) => {
  for (const before of [-9, -4, -1, 0, 1]) {
    const at = (1 << 18) + before
    const log = `${'y\n'.repeat(at).slice(0, at - 1)}\nneedle, needle\nnext\n`
    const { matches } = await search(t, log, 'needle')
    assert.deepEqual(matches, [
      { offset: at, line: log.slice(0, at).split('\n').length, text: 'needle, needle' },
    ])
  }
})

test('letters beyond ASCII are found small and large, and never taken for others', async (t) => {
  const log = 'Größe\nGRÖSSE ÜBER\nカ\n'
  const linesOf = async (text: string) =>
    (await search(t, log, text)).matches.map(({ line }) => line)
  assert.deepEqual(await linesOf('über'), [2])
  assert.deepEqual(await linesOf('GRÖ'), [1, 2])
  // The bytes of Ã, folded, are the first two of カ.
  assert.deepEqual(await linesOf('Ã'), [])
  assert.deepEqual(await linesOf('\n'), [])
})

test('a search ends when who asked has gone, or what was acknowledged is read', async (t) => {
  const log = 'one needle\nanother needle\n'
  const path = await logFile(t, log)
  const question = { size: 12, text: 'needle', limit: 10 }
  assert.equal((await searchLog(path, question)).matches.length, 1)
  const gone = AbortSignal.abort()
  assert.equal((await searchLog(path, { ...question, gone })).matches.length, 0)
})

test('a line is found by its number, and no line that is not there', async (t) => {
  const log = `first\n${'x'.repeat(700_000)}\r\nthird\nlast`
  const path = await logFile(t, log)
  const size = Buffer.byteLength(log)
  const offsets = await Promise.all(
    [1, 2, 3, 4, 5].map((line) => offsetOfLine(path, { size, line })),
  )
  assert.deepEqual(offsets, [0, 6, bytesBefore(log, 'third'), bytesBefore(log, 'last'), undefined])
  assert.equal(await offsetOfLine(path, { size: 10, line: 3 }), undefined)
})
