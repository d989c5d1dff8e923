import { counted } from './counted.ts'
import { ShamanClientError } from './errors.ts'
import type { HttpAnswer } from './http.ts'
import { retryAfterOf } from './problems.ts'
import { pauseBeforeRetry } from './retries.ts'
import { countStored, type UploadRun } from './run.ts'
import { readSource, type UploadFile } from './upload-file.ts'

// Above this, asking first is cheaper than sending from the start what may be there.
const askFirstBytes = 8 << 20

/** Sends one file so that it can be continued: after a lost connection, or by the next run of this client. Resolves to the bytes that were left to send. */
export async function sendResumable(run: UploadRun, file: UploadFile): Promise<number> {
  const { sha, size } = file.digest
  const path = `/x/uploads/${sha}/${size}/${run.clientId}`
  const ask = (): Promise<HttpAnswer> => run.http.send(path, { method: 'HEAD', signal: run.signal })
  let offset = size > askFirstBytes ? offsetOf(await ask()) : 0
  const first = offset
  let told = offset
  run.meter.bytes(offset)
  for (let tries = 0; ; tries += 1) {
    const answer = await appendFrom(offset).catch((error: unknown) => error as Error)
    if (!(answer instanceof Error)) {
      if (answer.status === 201 || answer.status === 208) {
        run.meter.bytes(size - told)
        countStored(run, size, answer.status === 201)
        return size - first
      }
      offset = offsetOf(answer)
    } else if (tries >= run.retries || !isPassing(answer)) {
      throw asChanged(file, answer)
    } else {
      await pauseBeforeRetry(tries, run.signal, { leastMs: retryAfterOfError(answer) })
      offset = offsetOf(await ask())
    }
    run.meter.bytes(offset - told)
    told = offset
  }

  async function appendFrom(start: number): Promise<HttpAnswer> {
    if (start >= size && size > 0)
      return run.http.send(path, { method: 'HEAD', signal: run.signal })
    return run.http.send(path, {
      method: 'PATCH',
      retries: 0,
      signal: run.signal,
      accept: (status) => [201, 204, 208, 409].includes(status),
      headers: {
        'content-type': 'application/partial-upload',
        'content-length': String(size - start),
        'upload-offset': String(start),
        'x-shaman-client': run.runId,
      },
      body: () =>
        counted(readSource(file.source, start), (bytes) => {
          told += bytes
          run.wireBytes += bytes
          run.meter.bytes(bytes)
        }),
    })
  }
}

/** One POST with the file as its body: all that a Flamenco manager knows. */
export async function sendWhole(
  run: UploadRun,
  file: UploadFile,
  options: { canDefer: boolean },
): Promise<void> {
  const { sha, size } = file.digest
  let sent = 0
  const answer = await run.http.send(`/files/${sha}/${size}`, {
    signal: run.signal,
    accept: (status) => (status >= 200 && status < 300) || status === 425,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'x-shaman-can-defer-upload': String(options.canDefer),
      'x-shaman-original-filename': encodeWord(file.path),
    },
    body: () => {
      // An attempt that failed sent nothing that counts.
      run.meter.bytes(-sent)
      sent = 0
      return counted(readSource(file.source), (bytes) => {
        sent += bytes
        run.wireBytes += bytes
        run.meter.bytes(bytes)
      })
    },
  })
  run.meter.bytes(answer.status === 425 ? -sent : size - sent)
  if (answer.status !== 425) countStored(run, size, answer.status !== 208)
  else run.deferredMs = Math.max(run.deferredMs, retryAfterOf(answer.headers))
}

function offsetOf(answer: HttpAnswer): number {
  const offset = Number(answer.headers['upload-offset'])
  if (Number.isSafeInteger(offset) && offset >= 0) return offset
  throw new ShamanClientError(
    'ANSWER_INVALID',
    'the server did not tell where the upload continues',
  )
}

function retryAfterOfError(error: Error): number {
  return error instanceof ShamanClientError ? error.retryAfterMs : 0
}

/** The connection or the server failed, not the file. */
function isPassing(error: Error): boolean {
  if (!(error instanceof ShamanClientError)) return false
  if (error.code === 'MANAGER_UNREACHABLE' || error.code === 'UPLOAD_INTERRUPTED') return true
  return error.status !== undefined && [429, 500, 502, 503, 504].includes(error.status)
}

function asChanged(file: UploadFile, error: Error): Error {
  if (!(error instanceof ShamanClientError) || error.status !== 417) return error
  return new ShamanClientError('FILE_CHANGED', `${file.path} changed while it was sent`, {
    status: 417,
    hint: 'Submit again.',
    cause: error,
  })
}

/** RFC 2047, as header values are ASCII. */
function encodeWord(text: string): string {
  return `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`
}
