import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Intake } from '../blobs/slabs.ts'
import type { SmallBlob } from '../blobs/small-writer.ts'
import { type Digest, type KeyedDigest, parseBlobName } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { BatchLine } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'
import { parseTar, type TarEntry } from '../tar/parse.ts'
import { clientOf } from './headers.ts'
import { batchLimits } from './limits.ts'
import { problemOf, refuse } from './problems.ts'
import { rawBody } from './raw-body.ts'

/** Many small files in one request, with an answer a line as each becomes durable. */
export function tarBatchRoutes(app: FastifyInstance, shaman: Shaman): void {
  app.post(
    '/x/blobs',
    {
      schema: {
        operationId: 'shamanStoreBatch',
        summary: 'Store many small files from a tar stream',
        description:
          'Entries are named <sha>/<size>. The answer is a JSON line per entry, then a summary.',
        tags: ['shaman'],
        consumes: ['application/x-tar'],
      },
    },
    (request, reply) => receiveBatch(shaman, request, reply),
  )
}

async function receiveBatch(
  shaman: Shaman,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const answer = answerInLines(reply)
  const client = clientOf(request)
  const intake = shaman.blobs.intake()
  const pending: Promise<void>[] = []
  let count = 0
  try {
    let bytes = 0
    for await (const entries of parseTar(
      rawBody(request, {
        copied: true,
        stallMs: shaman.stallMs,
        onPiece: () => shaman.claims.touch(client),
      }),
      {
        maxEntryBytes: batchLimits.fileBytes,
        allocate: intake.allocate,
      },
    )) {
      count += entries.length
      for (const { size } of entries) bytes += size
      if (count > batchLimits.files || bytes > 2 * batchLimits.bytes) throw tooMuch()
      pending.push(storeEntries(shaman, client, intake, entries).then(answer.say))
      const room = shaman.blobs.room()
      if (room) await room
    }
    await Promise.all(pending)
    answer.say([{ durable: shaman.durability === 'full', count }])
    answer.end()
    return reply
  } catch (error) {
    await Promise.all(pending)
    if (!answer.isBegun()) {
      answer.drop()
      return refuse(error, request, reply)
    }
    answer.say([{ error: problemOf(error) }])
    answer.end()
    return reply
  } finally {
    intake.close()
  }
}

/** An answer that begins with its first line. Lines of one turn, as a commit's thousands, are sent together. */
function answerInLines(reply: FastifyReply): {
  say(lines: readonly BatchLine[]): void
  /** Whether anything has been said. */
  isBegun(): boolean
  end(): void
  /** Instead of an answer in lines. */
  drop(): void
} {
  const lines = new PassThrough({ highWaterMark: 1 << 20 })
  let isAnswering = false
  let gathered = ''
  const flush = (): void => {
    if (gathered === '') return
    if (!isAnswering) void reply.type('application/x-ndjson').send(lines)
    isAnswering = true
    lines.write(gathered)
    gathered = ''
  }
  return {
    isBegun: () => isAnswering || gathered !== '',
    say(said) {
      if (gathered === '') setImmediate(flush)
      for (const line of said) gathered += `${JSON.stringify(line)}\n`
    },
    end() {
      flush()
      lines.end()
    },
    drop: () => lines.destroy(),
  }
}

interface NamedBlob extends SmallBlob {
  name: string
  bytes: Buffer
}

/** Stores entries that came together; a line for each, in any order. */
async function storeEntries(
  shaman: Shaman,
  client: string,
  intake: Intake,
  entries: readonly TarEntry[],
): Promise<BatchLine[]> {
  const lines: BatchLine[] = []
  const blobs: NamedBlob[] = []
  for (const entry of entries) {
    try {
      blobs.push(blobOf(entry))
    } catch (error) {
      lines.push(refusalOf(entry, error))
    }
  }
  const { missing, said } = await leaveOutStored(shaman, client, blobs).catch((error) => ({
    missing: [],
    said: blobs.map((blob) => refusalOf(blob, error)),
  }))
  const kept = new Set(missing.map(({ bytes }) => bytes))
  for (const { bytes } of entries) if (bytes && !kept.has(bytes)) intake.release(bytes)
  const stored = await storeMissing(shaman, missing, () => {
    for (const bytes of kept) intake.release(bytes)
  })
  return [...lines, ...said, ...stored]
}

/** Those that the store lacks, and a line for each of the others. */
async function leaveOutStored(
  shaman: Shaman,
  client: string,
  blobs: readonly NamedBlob[],
): Promise<{ missing: NamedBlob[]; said: BatchLine[] }> {
  const doubtful = blobs.filter(({ digest }) => shaman.unverified.has(digest))
  // Not waited for when there is none: of small files thousands a second come.
  if (doubtful.length > 0) await shaman.unverified.read(doubtful.map(({ digest }) => digest))
  const missing: NamedBlob[] = []
  const said: BatchLine[] = []
  for (const blob of blobs) {
    const { digest } = blob
    if (shaman.claims.holds(client, digest) || !shaman.blobs.isStored(digest)) missing.push(blob)
    else {
      shaman.protection.lease([digest])
      said.push(lineOf(digest, 208))
    }
  }
  return { missing, said }
}

async function storeMissing(
  shaman: Shaman,
  blobs: readonly NamedBlob[],
  onWritten: () => void,
): Promise<BatchLine[]> {
  if (blobs.length === 0) return []
  const end = shaman.inFlight.beginAll(blobs.map(({ digest }) => digest))
  const results = await shaman.blobs.putAll(blobs, onWritten)
  end(results.map((result) => (result instanceof Error ? 'failed' : 'stored')))
  return results.map((result, i) => {
    const blob = blobs[i]!
    if (result instanceof Error) return refusalOf(blob, result)
    return lineOf(blob.digest, result === 'stored' ? 201 : 208)
  })
}

function lineOf({ sha, size }: Digest, status: 201 | 208): BatchLine {
  return { sha, size, status }
}

function blobOf(entry: TarEntry): NamedBlob {
  const { name, bytes } = entry
  const digest = digestOfEntry(entry)
  if (!entry.isFile) throw noFile()
  if (!bytes) throw tooLong(entry)
  return { name, digest, bytes }
}

function refusalOf({ name }: { name: string }, error: unknown): BatchLine {
  const { code, message } = problemOf(error)
  return { name: name.slice(0, 100), status: code, message }
}

function digestOfEntry({ name, size }: TarEntry): KeyedDigest {
  const digest = parseBlobName(name)
  if (digest.size !== size) {
    throw new ShamanError('BLOB_SIZE_MISMATCH', `received ${size} bytes, expected ${digest.size}`)
  }
  return digest
}

function noFile(): ShamanError {
  return new ShamanError('REQUEST_INVALID', 'an entry is a regular file; links and folders are not')
}

function tooLong(entry: TarEntry): ShamanError {
  return new ShamanError('TOO_LARGE', `an entry of ${entry.size} bytes is too large for a batch`, {
    hint: 'Upload it by itself.',
  })
}

function tooMuch(): ShamanError {
  return new ShamanError('TOO_LARGE', 'the batch has more files or bytes than the server takes', {
    detail: { ...batchLimits },
    hint: 'The limits are told by x/capabilities.',
  })
}
