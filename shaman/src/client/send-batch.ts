import { digestKey } from '../digest.ts'
import { createFileReader, type FileReader, type OpenFile } from '../file-reader.ts'
import type { BatchLine } from '../schemas.ts'
import { tarPieces } from '../tar/pieces.ts'
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
export async function sendBatch(
  run: UploadRun,
  files: readonly UploadFile[],
  onSent: () => void,
): Promise<void> {
  const byKey = new Map(files.map((file) => [digestKey(file.digest), file]))
  let sent = 0
  const attempt = (): AsyncIterable<Uint8Array> => {
    run.meter.bytes(-sent)
    sent = 0
    const onPiece = (wire: number, payload: number): void => {
      sent += payload
      run.wireBytes += wire
      run.meter.bytes(payload)
    }
    return tarOf([...byKey.values()], { onPiece, onSent })
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

/** What sends a piece has handed it to the kernel by the time it asks for the next, and takes no more while it has not. */
async function* tarOf(
  files: readonly UploadFile[],
  on: { onPiece(wire: number, payload: number): void; onSent(): void },
): AsyncGenerator<Uint8Array> {
  const reader = createFileReader()
  const sources = files.map((file) => ({
    name: `${file.digest.sha}/${file.digest.size}`,
    size: file.digest.size,
    open: () => contentsOf(reader, file),
    tooShort: () => changed(file),
  }))
  for await (const { bytes, payload } of tarPieces(sources)) {
    on.onPiece(bytes.length, payload)
    yield bytes
  }
  on.onSent()
}

function contentsOf(reader: FileReader, file: UploadFile): Promise<OpenFile> | OpenFile {
  const { source, digest } = file
  if ('file' in source) return reader.open(source.file)
  if (source.bytes.byteLength !== digest.size) throw changed(file)
  let done = 0
  return {
    read(target, at, length) {
      target.set(source.bytes.subarray(done, done + length), at)
      done += length
      return length
    },
    close() {},
  }
}

function changed(file: UploadFile): ShamanClientError {
  return new ShamanClientError('FILE_CHANGED', `${file.path} changed while it was sent`, {
    hint: 'Submit again.',
  })
}
