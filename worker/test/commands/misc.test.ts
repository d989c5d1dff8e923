import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCommand } from '../../src/commands/main.ts'
import { testContext } from './context.ts'

test('exec runs without a shell and logs a line that can be pasted into one', async (t) => {
  const context = testContext(t)
  await findCommand('exec')({ exe: 'printf', args: ['%s\\n', '$HOME it is', 7] }, context)
  assert.equal(context.lines[0], "printf '%s\\n' '$HOME it is' 7")
  assert.match(context.lines[1]!, /^pid=\d+ > started$/)
  assert.match(context.lines[2]!, /^pid=\d+ > \$HOME it is$/)
})

test('exec fails with the exit code and the last lines', async (t) => {
  const args = ['-c', 'echo the reason; exit 3']
  await assert.rejects(findCommand('exec')({ exe: 'sh', args }, testContext(t)), {
    reason: 'other',
    message: 'sh failed with exit code 3',
    excerpt: ['the reason'],
  })
})

test('exec of a program that is not there says which', async (t) => {
  await assert.rejects(findCommand('exec')({ exe: 'no-such-program' }, testContext(t)), {
    message: 'The program "no-such-program" was not found on this worker',
  })
})

test('a crash and a kill from outside are told apart', async (t) => {
  const run = (signal: string): Promise<void> =>
    findCommand('exec')({ exe: 'sh', args: ['-c', `kill -${signal} $$`] }, testContext(t))
  await assert.rejects(run('SEGV'), { reason: 'crash' })
  await assert.rejects(run('KILL'), { reason: 'out-of-memory' })
})

test('a command that hangs fails as a timeout', async (t) => {
  const context = testContext(t, { limits: { stallMs: 50 } })
  await assert.rejects(findCommand('exec')({ exe: 'sleep', args: ['600'] }, context), {
    reason: 'timeout',
  })
})

test('sleep ends when it is canceled', async (t) => {
  const signal = AbortSignal.timeout(20)
  const sleeping = findCommand('sleep')({ duration_in_seconds: 600 }, testContext(t, { signal }))
  await assert.rejects(sleeping, { reason: 'canceled' })
})

test('sleep takes whole seconds', async (t) => {
  const context = testContext(t)
  await findCommand('sleep')({ duration_in_seconds: 0.9 }, context)
  assert.deepEqual(context.lines, ['slumbering 0 seconds', 'slumbering done'])
})
