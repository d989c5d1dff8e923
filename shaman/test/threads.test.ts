import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestOf } from '../src/digest.ts'
import { tempDir } from './support/farm.ts'

const threads = new URL('../src/blobs/threads.ts', import.meta.url)

test('a process waits for what its threads do, and ends once they have nothing to do', async (t) => {
  const bytes = Buffer.alloc(20_000_000, 7)
  const dir = await tempDir(t)
  const [path, script] = [join(dir, 'file'), join(dir, 'script.mjs')]
  writeFileSync(path, bytes)
  writeFileSync(
    script,
    `import { createThreads } from ${JSON.stringify(threads.href)}
    const thread = createThreads().pick('stream')
    await thread.ask({ do: 'read', stream: 1, path: ${JSON.stringify(path)}, size: ${bytes.length} })
    console.log(await thread.ask({ do: 'finish', stream: 1 }))`,
  )
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(stdout.trim(), digestOf(bytes).sha, stderr)
  assert.equal(status, 0)
})
