import { digestKey } from '../digest.ts'
import { createFileReader, type FileReader, type OpenFile } from '../file-reader.ts'
import type { BatchLine } from '../schemas.ts'
import { type NextSource, type TarSource, tarPieces } from '../tar/pieces.ts'
import { ShamanClientError } from './errors.ts'
import type { Feed } from './feed.ts'
import { countStored, type UploadRun } from './run.ts'
import type { UploadFile } from './upload-file.ts'

/** Files up to this size travel together. */
export const smallFileBytes = 1 << 20
/** How much a tar stream takes; the rest goes in another. */
export const batchBytes = 32 << 20
const batchFiles = 4000
const maxRounds = 3

/** The files of a tar stream: the first, and what can be taken while it is on its way. */
export interface Batch {
  first: UploadFile
  more: Feed<UploadFile>
}

/**
 * One tar stream. What its answer does not mention is sent again; what is refused, or has changed, is told. `onSent` is called once
 * all bytes of it are handed over, before they are answered.
 */
export async function sendBatch(run: UploadRun, batch: Batch, onSent: () => void): Promise<void> {
  const unanswered = new Map<string, UploadFile>()
  let inStream: UploadFile[] = []
  const choose = chooser(batch)
  let sent = 0
  let isSent = false
  const attempt = (): AsyncIterable<Uint8Array> => {
    run.meter.bytes(-sent)
    sent = 0
    inStream = []
    const onPiece = (wire: number, payload: number): void => {
      sent += payload
      run.wireBytes += wire
      run.meter.bytes(payload)
    }
    return tarOf(filesToSend(unanswered, inStream, choose), {
      onPiece,
      onSent() {
        if (!isSent) onSent()
        isSent = true
      },
    })
  }
  // Once, unless an answer was incomplete.
  for (let round = 0; round === 0 || unanswered.size > 0; round += 1) {
    if (round === maxRounds) throw neverAnswered(unanswered)
    await run.http.lines('/x/blobs?brief=true', {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar', 'x-shaman-client': run.runId },
      body: attempt,
      signal: run.signal,
      onLine: (line) => takeLine(run, { unanswered, inStream }, line as BatchLine),
    })
    sent = 0
  }
}

type Choose = () => Promise<UploadFile | undefined> | UploadFile | undefined

/** What tells the files of a batch one after another, as many as there is room for in it. */
function chooser({ first, more }: Batch): Choose {
  let files = 0
  let bytes = 0
  const fits = ({ digest }: UploadFile): boolean => {
    if (files >= batchFiles || (files > 0 && bytes + digest.size > batchBytes)) return false
    files += 1
    bytes += digest.size
    return true
  }
  let next: UploadFile | undefined = first
  return () => {
    if (next === undefined) return more.take(fits)
    const file = next
    next = undefined
    fits(file)
    return file
  }
}

interface Sent {
  unanswered: Map<string, UploadFile>
  /** All that this attempt has sent, in the order of the stream. */
  inStream: readonly UploadFile[]
}

function takeLine(run: UploadRun, { unanswered, inStream }: Sent, line: BatchLine): void {
  if ('error' in line) {
    const { code, message, error_code: errorCode } = line.error
    throw new ShamanClientError(errorCode ?? `HTTP_${code}`, message, { status: code })
  }
  if ('first' in line) {
    for (const { digest } of inStream.slice(line.first, line.first + line.count)) {
      // Answered files are not sent again when the connection fails later.
      if (unanswered.delete(digestKey(digest))) countStored(run, digest.size, line.status === 201)
    }
    return
  }
  if ('name' in line) throw refused(unanswered, line)
}

function refused(
  unanswered: Map<string, UploadFile>,
  line: { name: string; status: number; message: string },
): ShamanClientError {
  const file = unanswered.get(line.name.replace('/', '-'))
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

/** Those of an earlier attempt that were not answered, then new ones; each is noted as it is sent. */
function filesToSend(
  unanswered: Map<string, UploadFile>,
  inStream: UploadFile[],
  choose: Choose,
): NextSource {
  const reader = createFileReader()
  const again = [...unanswered.values()]
  let next = 0
  const begin = (file: UploadFile | undefined): TarSource | undefined => {
    if (!file) return undefined
    unanswered.set(digestKey(file.digest), file)
    inStream.push(file)
    return sourceOf(reader, file)
  }
  return () => {
    const before = again[next++]
    if (before) return begin(before)
    const file = choose()
    return file instanceof Promise ? file.then(begin) : begin(file)
  }
}

/** What sends a piece has handed it to the kernel by the time it asks for the next, and takes no more while it has not. */
async function* tarOf(
  next: NextSource,
  on: { onPiece(wire: number, payload: number): void; onSent(): void },
): AsyncGenerator<Uint8Array> {
  for await (const { bytes, payload } of tarPieces(next)) {
    on.onPiece(bytes.length, payload)
    yield bytes
  }
  on.onSent()
}

function sourceOf(reader: FileReader, file: UploadFile): TarSource {
  return {
    name: `${file.digest.sha}/${file.digest.size}`,
    size: file.digest.size,
    open: () => contentsOf(reader, file),
    tooShort: () => changed(file),
  }
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

function neverAnswered(unanswered: ReadonlyMap<string, UploadFile>): ShamanClientError {
  const [first] = unanswered.values()
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the server did not tell of ${unanswered.size} files whether it has stored them, the first is ${first?.path}`,
    { hint: 'Submit again.' },
  )
}

function changed(file: UploadFile): ShamanClientError {
  return new ShamanClientError('FILE_CHANGED', `${file.path} changed while it was sent`, {
    hint: 'Submit again.',
  })
}
