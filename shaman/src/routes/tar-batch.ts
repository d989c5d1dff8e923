import { PassThrough } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Intake } from '../blobs/slabs.ts'
import type { SmallBlob } from '../blobs/small-writer.ts'
import { type KeyedDigest, parseBlobName } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { BatchLine } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'
import { parseTar, type TarEntry } from '../tar/parse.ts'
import { clientOf } from './headers.ts'
import { batchLimits } from './limits.ts'
import { problemOf, refuse } from './problems.ts'
import { rawBody } from './raw-body.ts'

/** Many small files in one request, with an answer a line as each becomes durable. */
export function tarBatchRoutes(plain: FastifyInstance, shaman: Shaman): void {
  plain.withTypeProvider<TypeBoxTypeProvider>().post(
    '/x/blobs',
    {
      schema: {
        operationId: 'shamanStoreBatch',
        summary: 'Store many small files from a tar stream',
        description:
          'Entries are named <sha>/<size>. The answer is a JSON line per entry, then a summary; ' +
          'a brief one has a line for all stored entries that follow each other.',
        tags: ['shaman'],
        consumes: ['application/x-tar'],
        querystring: Type.Object({
          brief: Type.Optional(
            Type.Boolean({ description: 'tell of stored entries by their places in the stream' }),
          ),
        }),
      },
    },
    (request, reply) =>
      receiveBatch(shaman, request, reply, request.query.brief ? inRuns : byDigest),
  )
}

async function receiveBatch(
  shaman: Shaman,
  request: FastifyRequest,
  reply: FastifyReply,
  tell: (stored: readonly Stored[]) => BatchLine[],
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
      const first = count
      count += entries.length
      for (const { size } of entries) bytes += size
      if (count > batchLimits.files || bytes > 2 * batchLimits.bytes) throw tooMuch()
      pending.push(
        storeEntries(shaman, client, intake, entries, first).then(({ stored, refused }) =>
          answer.say([...refused, ...tell(stored)]),
        ),
      )
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

interface PlacedBlob extends SmallBlob {
  /** Which entry of the stream it is, counted from 0. */
  place: number
  name: string
  bytes: Buffer
}

/** An entry that the store holds now. */
interface Stored {
  blob: PlacedBlob
  status: 201 | 208
}

interface Outcome {
  stored: Stored[]
  refused: BatchLine[]
}

/** Stores entries that came together, the first of them at the place `first` of the stream. */
async function storeEntries(
  shaman: Shaman,
  client: string,
  intake: Intake,
  entries: readonly TarEntry[],
  first: number,
): Promise<Outcome> {
  const refused: BatchLine[] = []
  const blobs: PlacedBlob[] = []
  for (const [i, entry] of entries.entries()) {
    try {
      blobs.push(blobOf(entry, first + i))
    } catch (error) {
      refused.push(refusalOf(entry, error))
    }
  }
  const { missing, present } = await leaveOutStored(shaman, client, blobs).catch((error) => {
    for (const blob of blobs) refused.push(refusalOf(blob, error))
    return { missing: [], present: [] }
  })
  const kept = new Set(missing.map(({ bytes }) => bytes))
  for (const { bytes } of entries) if (bytes && !kept.has(bytes)) intake.release(bytes)
  const outcome = await storeMissing(shaman, missing, () => {
    for (const bytes of kept) intake.release(bytes)
  })
  return {
    stored: [...present, ...outcome.stored],
    refused: [...refused, ...outcome.refused],
  }
}

/** Those that the store lacks, and the others. */
async function leaveOutStored(
  shaman: Shaman,
  client: string,
  blobs: readonly PlacedBlob[],
): Promise<{ missing: PlacedBlob[]; present: Stored[] }> {
  const doubtful = blobs.filter(({ digest }) => shaman.unverified.has(digest))
  // Not waited for when there is none: of small files thousands a second come.
  if (doubtful.length > 0) await shaman.unverified.read(doubtful.map(({ digest }) => digest))
  const missing: PlacedBlob[] = []
  const present: Stored[] = []
  for (const blob of blobs) {
    const { digest } = blob
    if (shaman.claims.holds(client, digest) || !shaman.blobs.isStored(digest)) missing.push(blob)
    else {
      shaman.protection.lease([digest])
      present.push({ blob, status: 208 })
    }
  }
  return { missing, present }
}

async function storeMissing(
  shaman: Shaman,
  blobs: readonly PlacedBlob[],
  onWritten: () => void,
): Promise<Outcome> {
  const outcome: Outcome = { stored: [], refused: [] }
  if (blobs.length === 0) return outcome
  const end = shaman.inFlight.beginAll(blobs.map(({ digest }) => digest))
  const results = await shaman.blobs.putAll(blobs, onWritten)
  end(results.map((result) => (result instanceof Error ? 'failed' : 'stored')))
  for (const [i, blob] of blobs.entries()) {
    const result = results[i]!
    if (result instanceof Error) outcome.refused.push(refusalOf(blob, result))
    else outcome.stored.push({ blob, status: result === 'stored' ? 201 : 208 })
  }
  return outcome
}

function byDigest(stored: readonly Stored[]): BatchLine[] {
  return stored.map(({ blob: { digest }, status }) => {
    return { sha: digest.sha, size: digest.size, status }
  })
}

/** A line for those that follow each other and fared alike. */
function inRuns(stored: readonly Stored[]): BatchLine[] {
  const runs: { first: number; count: number; status: 201 | 208 }[] = []
  for (const { blob, status } of stored) {
    const last = runs.at(-1)
    const isNext = last?.status === status && last.first + last.count === blob.place
    if (isNext) last.count += 1
    else runs.push({ first: blob.place, count: 1, status })
  }
  return runs
}

function blobOf(entry: TarEntry, place: number): PlacedBlob {
  const { name, bytes } = entry
  const digest = digestOfEntry(entry)
  if (!entry.isFile) throw noFile()
  if (!bytes) throw tooLong(entry)
  return { place, name, digest, bytes }
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
