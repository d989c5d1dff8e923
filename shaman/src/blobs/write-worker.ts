import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { WriteBatch, WriteResult } from './write-pool.ts'

// Runs in a thread of its own: writes small files that the main thread has verified. It never gives a blob its name.
const flags = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY

parentPort!.on('message', ({ id, buffer, files }: WriteBatch) => {
  const bytes = new Uint8Array(buffer)
  const errors: WriteResult['errors'] = files.map(({ path, dir, start, end }) => {
    try {
      writeFile(path, bytes.subarray(start, end))
      makeDir(dir)
      return null
    } catch (error) {
      fs.rmSync(path, { force: true })
      const { code, message } = error as NodeJS.ErrnoException
      return { code: code ?? 'EIO', message }
    }
  })
  parentPort!.postMessage({ id, errors } satisfies WriteResult)
})

function writeFile(path: string, bytes: Uint8Array): void {
  const fd = fs.openSync(path, flags, 0o444)
  try {
    let done = 0
    while (done < bytes.byteLength) done += fs.writeSync(fd, bytes, done)
  } finally {
    fs.closeSync(fd)
  }
}

/** Only ahead of time: whoever renames into the directory makes it again if it has gone. */
function makeDir(dir: string): void {
  try {
    fs.mkdirSync(dir)
  } catch {
    // There already, or told when the blob gets its name.
  }
}
