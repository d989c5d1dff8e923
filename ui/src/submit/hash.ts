import type { HashAnswer, HashRequest } from './hash-worker.ts'
import type { ProjectFile } from './project.ts'

export interface HashedFile extends ProjectFile {
  sha: string
  size: number
}

export interface Counted {
  files: number
  bytes: number
}

/** Hashes a project in a few workers at once. Rejects with the first file that cannot be read. */
export async function hashFiles(
  files: readonly ProjectFile[],
  options: { signal: AbortSignal; onProgress(done: Counted): void; lanes?: number },
): Promise<HashedFile[]> {
  const done: Counted = { files: 0, bytes: 0 }
  const hashed: HashedFile[] = new Array(files.length)
  let next = 0
  const lanes = Math.min(options.lanes ?? Math.max(1, (navigator.hardwareConcurrency || 2) - 1), 4)
  const lane = async (): Promise<void> => {
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url), { type: 'module' })
    try {
      while (next < files.length) {
        options.signal.throwIfAborted()
        const mine = next
        next += 1
        const file = files[mine]!
        const sha = await hashIn(worker, mine, file, options.signal, (bytes) => {
          done.bytes += bytes
          options.onProgress(done)
        })
        hashed[mine] = { ...file, sha, size: file.file.size }
        done.files += 1
        options.onProgress(done)
      }
    } finally {
      worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, files.length) }, lane))
  return hashed
}

function hashIn(
  worker: Worker,
  id: number,
  { path, file }: ProjectFile,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    worker.onerror = (event) => reject(new Error(`${path}: ${event.message}`))
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      if (data.id !== id) return
      if (data.kind === 'progress') onBytes(data.bytes)
      else {
        signal.removeEventListener('abort', stop)
        if (data.kind === 'done') resolve(data.sha)
        else reject(new Error(`${path} cannot be read: ${data.message}`))
      }
    }
    worker.postMessage({ id, file } satisfies HashRequest)
  })
}
