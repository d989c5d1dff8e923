import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('a test file whose process does not end fails and tells why, and the files beside it and behind it are told', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'farm-runner-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const begin = `import { test } from 'node:test'\n`
  const files = {
    stays: `${begin}test('stays', () => {}); setInterval(() => {}, 1_000)`,
    spins: `${begin}test('spins', () => { for (;;); })`,
    behind: `${begin}test('behind', () => {})`,
  }
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(dir, `${name}.test.mjs`)
    writeFileSync(path, text)
    return path
  })
  const runner = join(dir, 'runner.mjs')
  writeFileSync(
    runner,
    `import { runFiles } from ${JSON.stringify(import.meta.resolve('./runner/files.ts'))}
    const take = ({ type, data }) => {
      if (type === 'test:pass' || type === 'test:fail') console.log(type, data.name.split(/[\\\\/]/).at(-1))
      else if (type === 'test:stderr' && data.message.includes("'Timeout'")) console.log('a timer stays')
    }
    await runFiles(${JSON.stringify(paths)}, { cwd: '.', atOnce: 2, longestMs: 3_000, take })
    process.exit(0)`,
  )
  // node:test runs nothing when it believes to be in a test file already.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, [runner], { env, cwd: dir })
  assert.deepEqual(stdout.trim().split('\n').sort(), [
    'a timer stays',
    'test:fail spins.test.mjs',
    'test:fail stays.test.mjs',
    'test:pass behind',
    'test:pass stays',
  ])
})
