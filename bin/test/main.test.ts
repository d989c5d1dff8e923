import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'

test('a command whose reader has read enough ends without a word', async () => {
  const main = join(import.meta.dirname, '..', 'src', 'main.ts')
  const command = execa(process.execPath, ['--no-node-snapshot', main, 'manager', '--help'], {
    buffer: { stdout: false },
    timeout: 60_000,
    reject: false,
  })
  command.stdout.destroy()
  const { exitCode, stderr } = await command
  assert.equal(stderr, '')
  assert.equal(exitCode, 0)
})
