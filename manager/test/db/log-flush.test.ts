import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { createLogFlush } from '../../src/db/log-flush.ts'

test('the log of a real database is flushed, and one that cannot be is told', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'farm-log-'))
  const path = join(dir, 'farm.sqlite')
  const db = new Database(path)
  t.after(async () => {
    db.close()
    await rm(dir, { recursive: true })
  })
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE jobs (id INTEGER)')
  const flush = createLogFlush(db)
  await flush()
  await rm(`${path}-wal`)
  await assert.rejects(flush(), { code: 'ENOENT' })
})

test('whoever asks during a flush waits for the next one, which they all share', async () => {
  const flushes: PromiseWithResolvers<void>[] = []
  const flush = createLogFlush({ name: 'farm.sqlite', memory: false }, () => {
    const running = Promise.withResolvers<void>()
    flushes.push(running)
    return running.promise
  })
  const settled: string[] = []
  const ask = (who: string) => flush().then(() => settled.push(who))
  const first = ask('first')
  const later = Promise.all([ask('second'), ask('third'), ask('fourth')])
  assert.equal(flushes.length, 1)
  flushes[0]!.resolve()
  await first
  assert.deepEqual(settled, ['first'])
  await new Promise(setImmediate)
  assert.equal(flushes.length, 2)
  flushes[1]!.resolve()
  await later
  assert.deepEqual(settled, ['first', 'second', 'third', 'fourth'])
})
