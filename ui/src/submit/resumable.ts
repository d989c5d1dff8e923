import { ApiError, request } from '../farm/api.ts'
import type { HashedFile } from './hash.ts'
import { type Sent, send } from './send.ts'

/** From here on a lost connection costs more than asking where to go on. */
export const resumableBytes = 8_000_000

/**
 * Sends a large file so that it can go on where it stopped: after a lost connection, and after this
 * page was closed, for the address follows from the digest and this browser's own name.
 */
export async function sendResumable(
  file: HashedFile,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<void> {
  const path = `/shaman/x/uploads/${file.sha}/${file.size}/${browserName()}`
  let offset = await askOffset(path, signal)
  while (offset < file.size) {
    const from = offset
    onShare(from / file.size)
    const answer = await send(
      { method: 'PATCH', path, body: file.file.slice(from), accept: [409] },
      {
        signal,
        headers: { 'Content-Type': 'application/partial-upload', 'Upload-Offset': String(from) },
        onShare: (share) => onShare((from + share * (file.size - from)) / file.size),
      },
    )
    if (answer.status === 201 || answer.status === 208) break
    offset = offsetIn(answer)
  }
  onShare(1)
}

async function askOffset(path: string, signal: AbortSignal): Promise<number> {
  const answer = await request(path, { method: 'HEAD', signal })
  return Number(answer.headers.get('upload-offset') ?? 0)
}

function offsetIn(answer: Sent): number {
  const offset = Number(answer.header('upload-offset') ?? Number.NaN)
  if (Number.isSafeInteger(offset) && offset >= 0) return offset
  throw new ApiError('The store did not tell where the upload goes on.', { code: 'ANSWER_INVALID' })
}

const nameKey = 'farm.upload-name'

/** The same in every visit, so that the store knows whose half a file it holds. */
function browserName(): string {
  const known = localStorage.getItem(nameKey)
  if (known) return known
  const bytes = crypto.getRandomValues(new Uint8Array(9))
  const name = `browser-${[...bytes].map((byte) => byte.toString(36)).join('')}`
  localStorage.setItem(nameKey, name)
  return name
}
