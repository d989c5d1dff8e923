import type { ShamanCheckoutResult, ShamanRequirementsResponse } from '@shaman-farm/shaman/schemas'
import { ApiError, call } from '../farm/api.ts'
import { sleepFor } from '../farm/sleep.ts'
import type { Counted, HashedFile } from './hash.ts'
import { resumableBytes, sendResumable } from './resumable.ts'
import { send } from './send.ts'

export interface Negotiated {
  missing: HashedFile[]
  storedFiles: number
  storedBytes: number
}

/** Asks which blobs the store lacks. Files with the same content count once. */
export async function negotiate(
  files: readonly HashedFile[],
  signal: AbortSignal,
): Promise<Negotiated> {
  const specs = files.map(({ sha, size, path }) => ({ sha, size, path }))
  const answer = await call<ShamanRequirementsResponse>('/shaman/checkout/requirements', {
    method: 'POST',
    body: { files: specs },
    signal,
    timeoutMs: 120_000,
  })
  // The answer may leave out what is stored.
  const lacking = new Set(
    answer.files.filter((one) => one.status !== 'stored').map((one) => keyOf(one)),
  )
  const unique = new Map(files.map((file) => [keyOf(file), file]))
  const missing = [...unique.values()].filter((file) => lacking.has(keyOf(file)))
  const stored = files.filter((file) => !lacking.has(keyOf(file)))
  return {
    missing,
    storedFiles: stored.length,
    storedBytes: stored.reduce((sum, file) => sum + file.size, 0),
  }
}

function keyOf(file: { sha: string; size: number }): string {
  return `${file.sha}/${file.size}`
}

const batch = { files: 100, bytes: 8_000_000, fileBytes: 1_000_000 }

/** Small files together as forms, large ones alone. */
export function batchesOf(files: readonly HashedFile[]): HashedFile[][] {
  const batches: HashedFile[][] = []
  let open: HashedFile[] = []
  let bytes = 0
  for (const file of files.toSorted((a, b) => a.size - b.size)) {
    if (file.size > batch.fileBytes) batches.push([file])
    else {
      if (open.length === batch.files || bytes + file.size > batch.bytes) {
        batches.push(open)
        open = []
        bytes = 0
      }
      open.push(file)
      bytes += file.size
    }
  }
  if (open.length > 0) batches.push(open)
  return batches
}

export async function uploadMissing(
  files: readonly HashedFile[],
  options: { signal: AbortSignal; onProgress(done: Counted): void },
): Promise<void> {
  const batches = batchesOf(files)
  const done: Counted = { files: 0, bytes: 0 }
  const sent = new Map<HashedFile[], number>()
  const tell = (): void => {
    options.onProgress({ files: done.files, bytes: [...sent.values()].reduce((a, b) => a + b, 0) })
  }
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < batches.length) {
      const mine = batches[next]!
      next += 1
      const total = mine.reduce((sum, file) => sum + file.size, 0)
      await sendBatch(mine, options.signal, (share) => {
        sent.set(mine, share * total)
        tell()
      })
      done.files += mine.length
      sent.set(mine, total)
      tell()
    }
  }
  await Promise.all(Array.from({ length: Math.min(3, batches.length) }, lane))
}

/** Tries a few times: a broken connection costs one batch, for what arrived is stored. */
async function sendBatch(
  files: HashedFile[],
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      if (files.length === 1) await sendFile(files[0]!, signal, onShare)
      else await sendForm(files, signal, onShare)
      return
    } catch (cause) {
      signal.throwIfAborted()
      const isFinal = cause instanceof ApiError && cause.status >= 400 && cause.status < 500
      if (isFinal || tries === 4) throw cause
      await sleepFor(500 * 2 ** tries, signal)
    }
  }
}

async function sendFile(
  file: HashedFile,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<void> {
  if (file.size >= resumableBytes) return sendResumable(file, signal, onShare)
  const path = `/shaman/files/${file.sha}/${file.size}`
  const headers = { 'Content-Type': 'application/octet-stream' }
  await send({ method: 'POST', path, body: file.file }, { signal, onShare, headers })
}

async function sendForm(
  files: readonly HashedFile[],
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<void> {
  const form = new FormData()
  for (const file of files) form.append(`${file.sha}/${file.size}`, file.file, 'blob')
  const what = { method: 'POST', path: '/shaman/x/form', body: form } as const
  const answer = (await send(what, { signal, onShare })).body as {
    files?: { name: string; status: number; message?: string }[]
  }
  const bad = answer.files?.find((one) => one.status >= 400)
  if (!bad) return
  const file = files.find((one) => keyOf(one) === bad.name)
  throw new ApiError(`${file?.path ?? bad.name}: ${bad.message ?? bad.status}`, {
    status: bad.status,
    code: 'UPLOAD_REFUSED',
  })
}

export async function createCheckout(
  files: readonly HashedFile[],
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const specs = files.map((file) => ({ sha: file.sha, size: file.size, path: file.path }))
  const answer = await call<ShamanCheckoutResult>('/shaman/checkout/create', {
    method: 'POST',
    body: { files: specs, checkoutPath: path },
    signal,
    timeoutMs: 300_000,
  })
  return answer.checkoutPath
}
