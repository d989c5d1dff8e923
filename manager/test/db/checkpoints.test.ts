import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino } from 'pino'
import { keepCheckpoints } from '../../src/db/checkpoints.ts'
import { openDatabase } from '../../src/db/open.ts'

// The log's header counts how often it began anew. Source: sqlite.org/fileformat2.html, "The Write-Ahead Log".
const sequenceAt = 12

test('the log begins anew though somebody writes without a pause', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'farm-checkpoints-'))
  const path = join(dir, 'farm.sqlite')
  const log = pino({ level: 'silent' })
  const db = openDatabase({ path, log })
  const stop = keepCheckpoints(path, log, { longLogPages: 200 })
  t.after(async () => {
    await stop()
    db.close()
    rmSync(dir, { recursive: true })
  })
  const add = db.prepare(
    'INSERT INTO worker_tags (uuid, name, created_at, updated_at) VALUES (?, ?, 0, 0)',
  )
  const addSome = db.transaction((first: number) => {
    for (let i = first; i < first + 50; i += 1) add.run(`uuid ${i}`, `name ${i}`)
  })
  addSome(0)
  const before = sequenceOf(`${path}-wal`)
  let written = 50
  while (sequenceOf(`${path}-wal`) === before) {
    for (let i = 0; i < 20; i += 1, written += 50) addSome(written)
    await nextTurn()
  }
  const kept = db.prepare('SELECT count(*) FROM worker_tags').pluck().get()
  assert.equal(kept, written)
})

function sequenceOf(path: string): number {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(4)
    readSync(file, bytes, 0, 4, sequenceAt)
    return bytes.readUInt32BE()
  } finally {
    closeSync(file)
  }
}
