import { workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import type { CheckpointPlan } from './checkpoints.ts'

const everyMs = 2_000
// For the lock of a writer, which is held for some milliseconds.
const patienceMs = 50

const { path, longLogPages } = workerData as CheckpointPlan
const db = new Database(path, { timeout: patienceMs })
db.pragma('wal_autocheckpoint = 0')
setInterval(() => {
  try {
    if (checkpoint('PASSIVE') > longLogPages) beginAnew()
  } catch {
    // Busy: the next turn does it.
  }
}, everyMs)

/**
 * While somebody writes without a pause, no passive checkpoint ever has all of the log, which then only grows. One that
 * shuts out writers has; nearly everything is in the file by then, so it does so for the time of two flushes.
 */
function beginAnew(): void {
  checkpoint('PASSIVE')
  checkpoint('RESTART')
}

/** @returns the pages in the log, as far as it went when the checkpoint began */
function checkpoint(mode: 'PASSIVE' | 'RESTART'): number {
  const [{ log } = { log: 0 }] = db.pragma(`wal_checkpoint(${mode})`) as { log: number }[]
  return log
}
