import assert from 'node:assert/strict'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { backUp } from '../../src/db/backups.ts'
import { openDatabase } from '../../src/db/open.ts'
import { createTransactions } from '../../src/db/transactions.ts'
import { openManager, signOnWorker, submitEcho, workOff } from '../running-manager.ts'
import { addJob, openTestFarm } from '../test-farm.ts'

const log = pino({ level: 'silent' })

test('a backup made while in use is whole, and restores by being copied into place', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }, { name: 'b', after: ['a'] }])
  const backup = await backUp(farm)
  const { databasePath } = farm.config.current
  farm.db.close()
  writeFileSync(databasePath, 'damaged beyond repair, this file is not a database any more')
  assert.throws(() => openDatabase({ path: databasePath, log }), { code: 'DATABASE_CORRUPT' })
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${databasePath}${suffix}`, { force: true })
  copyFileSync(backup, databasePath)
  const db = openDatabase({ path: databasePath, log })
  t.after(() => db.close())
  const names = db.prepare('SELECT name FROM tasks WHERE job_id = ? ORDER BY id').all(job.id)
  assert.deepEqual(names, [{ name: 'a' }, { name: 'b' }])
})

test('backups are made on schedule, the latest seven are kept, and one restores a lost database as the README says', async (t) => {
  const manager = await openManager(t, { config: { backup_period: '100ms' } })
  const job = await submitEcho(manager)
  const backups = join(manager.dir, 'backups')
  mkdirSync(backups, { recursive: true })
  const old = Array.from({ length: 8 }, (_, i) => `farm-2020-01-0${i + 1}T00-00-00-000Z.sqlite`)
  for (const name of old) writeFileSync(join(backups, name), '')
  const made = (): string[] => readdirSync(backups).filter((name) => /^farm-.*\.sqlite$/.test(name))
  while (made().some((name) => old.includes(name))) await sleep(20)
  await manager.stop()
  assert.equal(made().length, 7)

  const database = join(manager.dir, 'flamenco-manager.sqlite')
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true })
  const lost = { code: 'DATABASE_MISSING', hint: /backups/ }
  await assert.rejects(manager.restart(), lost)
  await assert.rejects(manager.restart(), lost, 'nor has the first try put an empty one there')
  copyFileSync(join(backups, made().sort().at(-1)!), database)
  await manager.restart()
  await workOff(await signOnWorker(manager))
  const { status } = await manager.client.fetchJob({ params: { job_id: job.id } })
  assert.equal(status, 'completed')
})

test('before a database is brought to a newer form, a whole copy of the old one is kept', async (t) => {
  const manager = await openManager(t)
  await manager.stop()
  const path = join(manager.dir, 'flamenco-manager.sqlite')
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  const old = new Database(path)
  const forms = join(import.meta.dirname, '../../src/db/migrations')
  for (const name of readdirSync(forms).sort().slice(0, 3)) {
    old.exec(readFileSync(join(forms, name), 'utf8'))
  }
  old.pragma('user_version = 3')
  old.exec("INSERT INTO worker_tags VALUES (NULL, 'uuid', 'from before', '', 0, 0)")
  old.close()
  await manager.restart()
  const { tags } = await manager.client.fetchWorkerTags()
  assert.deepEqual(
    tags?.map(({ name }) => name),
    ['from before'],
  )
  const backups = join(manager.dir, 'backups')
  const [kept, ...more] = readdirSync(backups)
  assert.match(kept!, /^farm-before-form-\d+-.*\.sqlite$/)
  assert.deepEqual(more, [])
  const copy = new Database(join(backups, kept!), { readonly: true })
  t.after(() => copy.close())
  assert.equal(copy.pragma('user_version', { simple: true }), 3)
  assert.equal(copy.prepare('SELECT name FROM worker_tags').pluck().get(), 'from before')
})

test('a database that was cut off is refused', async (t) => {
  const farm = openTestFarm(t)
  await addJob(
    farm,
    Array.from({ length: 200 }, (_, i) => ({ name: `t${i}` })),
  )
  farm.db.pragma('wal_checkpoint(TRUNCATE)')
  farm.db.close()
  const { databasePath } = farm.config.current
  truncateSync(databasePath, 40_960)
  assert.throws(() => openDatabase({ path: databasePath, log }), {
    code: 'DATABASE_CORRUPT',
    hint: /backups/,
  })
})

test('a database of a newer manager is refused', (t) => {
  const farm = openTestFarm(t)
  farm.db.pragma('user_version = 9999')
  farm.db.close()
  const open = () => openDatabase({ path: farm.config.current.databasePath, log })
  assert.throws(open, { code: 'DATABASE_TOO_NEW' })
})

test('requests of one turn are stored by one commit, and one that fails is undone alone', async (t) => {
  const db = openDatabase({ path: join(openTestFarm(t).config.current.dataDir, 'x.sqlite'), log })
  t.after(() => db.close())
  const transactions = createTransactions(db)
  const tag = (name: string): void => {
    db.prepare('INSERT INTO worker_tags VALUES (NULL, ?, ?, ?, 0, 0)').run(name, name, '')
  }
  const told: string[] = []
  const results = await Promise.allSettled([
    transactions.soon(() => {
      tag('one')
      transactions.afterCommit(() => told.push('one'))
    }),
    transactions.soon(() => {
      tag('two')
      transactions.afterCommit(() => told.push('two'))
      throw new Error('refused')
    }),
    transactions.soon(() => {
      tag('three')
      transactions.afterCommit(() => told.push('three'))
    }),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(told, ['one', 'three'])
  assert.deepEqual(db.prepare('SELECT name FROM worker_tags ORDER BY id').pluck().all(), [
    'one',
    'three',
  ])
})

test('what is stored at once takes along what waited for its turn', async (t) => {
  const { transactions } = openTestFarm(t)
  const told: string[] = []
  const waiting = transactions.soon(() => transactions.afterCommit(() => told.push('waited')))
  transactions.run(() => transactions.afterCommit(() => told.push('at once')))
  assert.deepEqual(told, ['waited', 'at once'])
  await waiting
})
