import { digestKey } from '../digest.ts'
import type { BatchLine } from '../schemas.ts'
import { blockBytes, encodeTarHeader, paddingOf } from '../tar/header.ts'
import { ShamanClientError } from './errors.ts'
import { createFileReader, type FileReader, type OpenFile } from './file-reader.ts'
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

const pieceBytes = 256 << 10

/**
 * Files as a tar stream, in pieces that are good until the next is asked for: what sends them has handed a piece to the kernel
 * by then, and takes no more while it has not.
 */
async function* tarOf(
  files: readonly UploadFile[],
  onSent: (wire: number, payload: number) => void,
): AsyncGenerator<Uint8Array> {
  const reader = createFileReader()
  const buffers = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)] as const
  let piece: Buffer = buffers[0]
  let filled = 0
  let payload = 0
  const take = (): Buffer => {
    const bytes = piece.subarray(0, filled)
    onSent(filled, payload)
    piece = piece === buffers[0] ? buffers[1] : buffers[0]
    filled = 0
    payload = 0
    return bytes
  }
  for (const file of files) {
    const { sha, size } = file.digest
    if (filled + blockBytes > pieceBytes) yield take()
    encodeTarHeader({ name: `${sha}/${size}`, size }, piece.subarray(filled, filled + blockBytes))
    filled += blockBytes
    const contents = await contentsOf(reader, file)
    try {
      for (let left = size; left > 0; ) {
        if (filled === pieceBytes) yield take()
        const reading = contents.read(piece, filled, Math.min(left, pieceBytes - filled))
        const got = typeof reading === 'number' ? reading : await reading
        if (got === 0) throw changed(file)
        filled += got
        payload += got
        left -= got
      }
    } finally {
      contents.close()
    }
    if (filled + paddingOf(size) > pieceBytes) yield take()
    piece.fill(0, filled, filled + paddingOf(size))
    filled += paddingOf(size)
  }
  if (filled + 2 * blockBytes > pieceBytes) yield take()
  piece.fill(0, filled, filled + 2 * blockBytes)
  filled += 2 * blockBytes
  yield take()
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
