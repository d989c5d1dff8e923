// Hashes files off the main thread, one after another, in pieces: memory does not grow with size.
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

export interface HashRequest {
  id: number
  file: Blob
}

export type HashAnswer =
  | { id: number; kind: 'progress'; bytes: number }
  | { id: number; kind: 'done'; sha: string }
  | { id: number; kind: 'failed'; message: string }

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<HashRequest>) => void) | null
  postMessage(answer: HashAnswer): void
}

let last: Promise<void> = Promise.resolve()
scope.onmessage = ({ data }) => {
  last = last.then(() => hash(data))
}

async function hash({ id, file }: HashRequest): Promise<void> {
  try {
    const hasher = sha256.create()
    const reader = file.stream().getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      hasher.update(part.value)
      scope.postMessage({ id, kind: 'progress', bytes: part.value.length })
    }
    scope.postMessage({ id, kind: 'done', sha: bytesToHex(hasher.digest()) })
  } catch (cause) {
    // A file that was changed or taken away since it was chosen.
    const message = cause instanceof Error ? cause.message : String(cause)
    scope.postMessage({ id, kind: 'failed', message })
  }
}
