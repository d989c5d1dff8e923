import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messagesUnderWay } from '../../src/job-types/task-messages.ts'
import { compileOptions, openTypes, scriptWith, submission } from './open.ts'

test('a script that is faster than its tasks are taken gets one turn of the loop no more than its share', async (t) => {
  const types = openTypes(t, {
    'many.js': scriptWith(
      "for (let i = 0; i < 5000; i++) job.addTask(author.Task('t' + i, 'misc'))",
    ),
  })
  const names: string[] = []
  let inThisTurn = 0
  let most = 0
  await types.compile(submission('many'), {
    ...compileOptions,
    take(tasks) {
      if (inThisTurn === 0) setImmediate(() => (inThisTurn = 0))
      inThisTurn += 1
      most = Math.max(most, inThisTurn)
      names.push(...tasks.map(({ name }) => name))
      // Meanwhile the script goes on.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    },
  })
  assert.deepEqual(
    names,
    Array.from({ length: 5000 }, (_, i) => `t${i}`),
  )
  assert.ok(most <= messagesUnderWay, `${most} messages`)
})

test('large tasks come a few at a time, all of them and in their order', async (t) => {
  const types = openTypes(t, {
    'large.js': scriptWith(`for (let i = 0; i < 150; i++) {
      const task = author.Task('t' + i, 'misc')
      task.addCommand(author.Command('echo', { message: 'x'.repeat(i < 100 ? 30000 : 10) }))
      job.addTask(task)
    }`),
  })
  const counts: number[] = []
  const names: string[] = []
  await types.compile(submission('large'), {
    ...compileOptions,
    take(tasks) {
      counts.push(tasks.length)
      names.push(...tasks.map(({ name }) => name))
    },
  })
  assert.deepEqual(
    names,
    Array.from({ length: 150 }, (_, i) => `t${i}`),
  )
  assert.deepEqual(counts, [...Array<number>(50).fill(2), 50])
})
