import { readFile } from 'node:fs/promises'
import { digestKey } from '../digest.ts'
import type { BatchLine } from '../schemas.ts'
import { encodeTarHeader, paddingOf } from '../tar/header.ts'
import { ShamanClientError } from './errors.ts'
import { countStored, type UploadRun } from './run.ts'
import type { UploadFile } from './upload-file.ts'

/** Files up to this size travel together. */
export const smallFileBytes = 1 << 20
const batchBytes = 32 << 20
const batchFiles = 4000

/** Splits small files into batches of like size; several, so that they can travel side by side. */
export function toBatches(files: readonly UploadFile[], parallel: number): UploadFile[][] {
  const bytes = files.reduce((sum, file) => sum + file.digest.size, 0)
  const wanted = Math.min(parallel, Math.ceil(files.length / 500))
  const most = Math.min(batchBytes, Math.max(1 << 20, Math.ceil(bytes / Math.max(1, wanted))))
  const batches: UploadFile[][] = []
  let batch: UploadFile[] = []
  let filled = 0
  for (const file of files) {
    if (batch.length > 0 && (filled + file.digest.size > most || batch.length >= batchFiles)) {
      batches.push(batch)
      batch = []
      filled = 0
    }
    batch.push(file)
    filled += file.digest.size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/** One tar stream. What the server refuses is left to the next round; a file that has changed is told. */
export async function sendBatch(run: UploadRun, files: readonly UploadFile[]): Promise<void> {
  const byKey = new Map(files.map((file) => [digestKey(file.digest), file]))
  let sent = 0
  const attempt = (): AsyncIterable<Uint8Array> => {
    run.meter.bytes(-sent)
    sent = 0
    return tarOf([...byKey.values()], (wire, payload) => {
      sent += payload
      run.wireBytes += wire
      run.meter.bytes(payload)
    })
  }
  await run.http.lines('/x/blobs', {
    method: 'POST',
    headers: { 'content-type': 'application/x-tar', 'x-shaman-client': run.runId },
    body: attempt,
    signal: run.signal,
    onLine: (line) => takeLine(run, byKey, line as BatchLine),
  })
}

function takeLine(run: UploadRun, byKey: Map<string, UploadFile>, line: BatchLine): void {
  if ('error' in line) {
    const { code, message, error_code: errorCode } = line.error
    throw new ShamanClientError(errorCode ?? `HTTP_${code}`, message, { status: code })
  }
  if ('sha' in line) {
    // Answered files are not sent again when the connection fails later.
    if (byKey.delete(digestKey(line))) countStored(run, line.size, line.status === 201)
    return
  }
  if ('name' in line) throw refused(byKey, line)
}

function refused(
  byKey: Map<string, UploadFile>,
  line: { name: string; status: number; message: string },
): ShamanClientError {
  const file = byKey.get(line.name.replace('/', '-'))
  const isChanged = line.status === 417
  return new ShamanClientError(
    isChanged ? 'FILE_CHANGED' : `HTTP_${line.status}`,
    `${file?.path ?? line.name}: ${line.message}`,
    {
      status: line.status,
      hint: isChanged ? 'The file changed while it was sent; submit again.' : undefined,
    },
  )
}

// Headers and small files are gathered: a write to the socket for each would cost more than the copy.
const gatherBytes = 256 << 10

async function* tarOf(
  files: readonly UploadFile[],
  onSent: (wire: number, payload: number) => void,
): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = []
  let wire = 0
  let payload = 0
  const take = (): Buffer => {
    const bytes = Buffer.concat(gathered)
    onSent(wire, payload)
    gathered = []
    wire = 0
    payload = 0
    return bytes
  }
  for (const file of files) {
    const { sha, size } = file.digest
    const bytes = await contentsOf(file)
    gathered.push(encodeTarHeader({ name: `${sha}/${size}`, size }), bytes, padding(size))
    wire += 512 + size + paddingOf(size)
    payload += size
    if (wire >= gatherBytes) yield take()
  }
  gathered.push(Buffer.alloc(1024))
  wire += 1024
  yield take()
}

async function contentsOf(file: UploadFile): Promise<Uint8Array> {
  const bytes = 'bytes' in file.source ? file.source.bytes : await readFile(file.source.file)
  if (bytes.byteLength === file.digest.size) return bytes
  throw new ShamanClientError('FILE_CHANGED', `${file.path} changed while it was sent`, {
    hint: 'Submit again.',
  })
}

function padding(size: number): Uint8Array {
  return zeros.subarray(0, paddingOf(size))
}

const zeros = Buffer.alloc(512)
