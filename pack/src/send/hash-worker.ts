import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** What a hashing thread says: how far it is, then the digest, or the system's code of what went wrong. */
export type HashNews =
  | { readonly read: number }
  | { readonly sha: string }
  | { readonly failed: string; readonly code: string | undefined }

const bytesPerNews = 16 * 1024 * 1024
const buffer = Buffer.allocUnsafe(1024 * 1024)

parentPort?.on('message', (path: string) => {
  try {
    tell({ sha: hash(path) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    tell({ failed: message, code })
  }
})

function hash(path: string): string {
  const digest = createHash('sha256')
  const fd = openSync(path, 'r')
  try {
    for (let untold = 0; ; ) {
      const count = readSync(fd, buffer)
      digest.update(buffer.subarray(0, count))
      untold += count
      if (untold >= bytesPerNews || (count === 0 && untold > 0)) {
        tell({ read: untold })
        untold = 0
      }
      if (count === 0) return digest.digest('hex')
    }
  } finally {
    closeSync(fd)
  }
}

function tell(news: HashNews): void {
  parentPort?.postMessage(news)
}
