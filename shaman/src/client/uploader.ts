import { setTimeout as sleep } from 'node:timers/promises'
import { digestKey } from '../digest.ts'
import type { ShamanFileSpec, ShamanFileSpecWithStatus } from '../schemas.ts'
import { ShamanClientError } from './errors.ts'
import type { Http } from './http.ts'
import { inLanes } from './lanes.ts'
import type { ProgressMeter } from './progress.ts'
import { readSource, type UploadFile } from './upload-file.ts'

/** One upload under way. */
export interface UploadRun {
  http: Http
  meter: ProgressMeter
  signal: AbortSignal | undefined
  parallel: number
  wireBytes: number
  uploadedFiles: number
  uploadedBytes: number
}

// Another client's upload is waited for by asking again; Flamenco's own client asks at most 50 times.
const maxRounds = 60
const waitForOthersMs = 500

/** Sends what the store lacks; resolves once it lacks nothing. */
export async function uploadMissing(run: UploadRun, files: readonly UploadFile[]): Promise<void> {
  const byKey = new Map(files.map((file) => [digestKey(file.digest), file]))
  run.meter.begin('negotiate', byKey.size, 0)
  let missing = await requirements(run, [...byKey.values()])
  run.meter.begin('upload', missing.length, bytesOf(missing))
  for (let round = 0; missing.length > 0; round += 1) {
    if (round >= maxRounds) throw neverStored(missing)
    const unknown = missing.filter((file) => file.status === 'unknown')
    await inLanes(unknown, run.parallel, (file) =>
      sendWhole(run, byKey.get(digestKey(file))!, { canDefer: round === 0 }),
    )
    if (unknown.length < missing.length) await sleep(waitForOthersMs, undefined, signalOf(run))
    missing = await requirements(
      run,
      missing.map((file) => byKey.get(digestKey(file))!),
    )
  }
}

async function requirements(
  run: UploadRun,
  files: readonly UploadFile[],
): Promise<ShamanFileSpecWithStatus[]> {
  const specs = files.map(toSpec)
  const { files: missing } = await run.http.json<{ files: ShamanFileSpecWithStatus[] }>(
    '/checkout/requirements',
    { json: { files: specs }, signal: run.signal },
  )
  return missing
}

/** A file as the API names it. */
export function toSpec({ digest, path }: Pick<UploadFile, 'digest' | 'path'>): ShamanFileSpec {
  return { sha: digest.sha, size: digest.size, path }
}

/** One POST with the file as its body. */
async function sendWhole(
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
  if (answer.status === 425) {
    run.meter.bytes(-sent)
    return
  }
  if (answer.status !== 208) {
    run.uploadedFiles += 1
    run.uploadedBytes += size
  }
  run.meter.bytes(size - sent)
  run.meter.files(1)
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.byteLength)
    yield chunk
  }
}

/** RFC 2047, as header values are ASCII. */
function encodeWord(text: string): string {
  return `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`
}

function signalOf(run: UploadRun): { signal: AbortSignal } | undefined {
  return run.signal && { signal: run.signal }
}

function bytesOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}

function neverStored(missing: readonly ShamanFileSpec[]): ShamanClientError {
  return new ShamanClientError(
    'UPLOAD_INCOMPLETE',
    `${missing.length} files did not arrive in the store, the first is ${missing[0]?.path}`,
    { hint: 'Another client may be uploading them slowly; try again.' },
  )
}
