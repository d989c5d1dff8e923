import { workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const everyMs = 2_000
const db = new Database(workerData as string, { timeout: 0 })
db.pragma('wal_autocheckpoint = 0')
setInterval(() => {
  try {
    db.pragma('wal_checkpoint(PASSIVE)')
  } catch {
    // Busy: the next turn does it.
  }
}, everyMs)
