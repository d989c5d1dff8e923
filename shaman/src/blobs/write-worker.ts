import { hash } from 'node:crypto'
import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { WriteBatch, WriteResult } from './write-pool.ts'

// Runs in a thread of its own: verifies small files and writes them. It never gives a blob its name.
const flags = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY

parentPort!.on('message', ({ id, memories, files }: WriteBatch) => {
  const errors = files.map((file) =>
    store(file, new Uint8Array(memories[file.memory]!, file.start, file.size)),
  )
  parentPort!.postMessage({ id, errors } satisfies WriteResult)
})

function store(
  { path, dir, sha }: WriteBatch['files'][number],
  bytes: Uint8Array,
): WriteResult['errors'][number] {
  const got = hash('sha256', bytes, 'hex')
  if (got !== sha) {
    return {
      code: 'BLOB_DIGEST_MISMATCH',
      message: `the bytes received have the checksum ${got}, expected ${sha}`,
    }
  }
  try {
    writeFile(path, bytes)
    makeDir(dir)
    return null
  } catch (error) {
    fs.rmSync(path, { force: true })
    const { code, message } = error as NodeJS.ErrnoException
    return { code: code ?? 'EIO', message }
  }
}

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
