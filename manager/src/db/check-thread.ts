import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { checkIntegrity } from './open.ts'

const path = workerData as string
const db = new Database(path, { readonly: true })
try {
  checkIntegrity(db, path)
  parentPort!.postMessage(undefined)
} catch (error) {
  parentPort!.postMessage((error as Error).message)
} finally {
  db.close()
}
