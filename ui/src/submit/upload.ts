import type { ShamanCheckoutResult, ShamanRequirementsResponse } from '@shaman-farm/shaman/schemas'
import { ApiError, apiBase, call } from '../farm/api.ts'
import type { Counted, HashedFile } from './hash.ts'

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
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries))
    }
  }
}

function sendFile(
  file: HashedFile,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<unknown> {
  return send(`/shaman/files/${file.sha}/${file.size}`, file.file, signal, onShare, {
    'Content-Type': 'application/octet-stream',
  })
}

async function sendForm(
  files: readonly HashedFile[],
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<void> {
  const form = new FormData()
  for (const file of files) form.append(`${file.sha}/${file.size}`, file.file, 'blob')
  const answer = (await send('/shaman/x/form', form, signal, onShare)) as {
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

// XMLHttpRequest, because fetch does not tell how much of a body has been sent.
function send(
  path: string,
  body: Blob | FormData,
  signal: AbortSignal,
  onShare: (share: number) => void,
  headers: Record<string, string> = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = (): void => request.abort()
    let watchdog: ReturnType<typeof setTimeout> | undefined
    // No limit for the whole, which may take hours, but for silence.
    const feed = (): void => {
      clearTimeout(watchdog)
      watchdog = setTimeout(stop, 120_000)
    }
    request.open('POST', `${apiBase}${path}`)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => {
      feed()
      if (event.total > 0) onShare(event.loaded / event.total)
    }
    request.onloadend = () => {
      clearTimeout(watchdog)
      signal.removeEventListener('abort', stop)
      if (request.status >= 200 && request.status < 300) resolve(parse(request.responseText))
      else if (signal.aborted) reject(signal.reason)
      else reject(refused(request))
    }
    signal.addEventListener('abort', stop, { once: true })
    feed()
    request.send(body)
  })
}

function refused(request: XMLHttpRequest): ApiError {
  const body = parse(request.responseText) as { code?: unknown; message?: string; hint?: string }
  return new ApiError(body?.message ?? 'The upload broke off.', {
    status: request.status,
    code:
      typeof body?.code === 'string'
        ? body.code
        : request.status === 0
          ? 'UNREACHABLE'
          : `HTTP_${request.status}`,
    ...(body?.hint ? { hint: body.hint } : {}),
  })
}

function parse(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return {}
  }
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
