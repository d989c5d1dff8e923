import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Intake } from '../blobs/slabs.ts'
import { type Digest, parseBlobName } from '../digest.ts'
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
    for await (const entry of parseTar(
      rawBody(request, { copied: true, stallMs: shaman.stallMs }),
      {
        maxEntryBytes: batchLimits.fileBytes,
        allocate: intake.allocate,
      },
    )) {
      shaman.claims.touch(client)
      count += 1
      bytes += entry.size
      if (count > batchLimits.files || bytes > 2 * batchLimits.bytes) throw tooMuch()
      pending.push(storeEntry(shaman, client, intake, entry).then(answer.say))
      const room = shaman.blobs.room()
      if (room) await room
    }
    await Promise.all(pending)
    answer.say({ durable: shaman.durability === 'full', count })
    answer.end()
    return reply
  } catch (error) {
    await Promise.all(pending)
    if (!answer.isBegun()) {
      answer.drop()
      return refuse(error, request, reply)
    }
    answer.say({ error: problemOf(error) })
    answer.end()
    return reply
  } finally {
    intake.close()
  }
}

/** An answer that begins with its first line. Lines of one turn, as a commit's thousands, are sent together. */
function answerInLines(reply: FastifyReply): {
  say(line: BatchLine): void
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
    say(line) {
      if (gathered === '') setImmediate(flush)
      gathered += `${JSON.stringify(line)}\n`
    },
    end() {
      flush()
      lines.end()
    },
    drop: () => lines.destroy(),
  }
}

async function storeEntry(
  shaman: Shaman,
  client: string,
  intake: Intake,
  entry: TarEntry,
): Promise<BatchLine> {
  let isHeld = entry.bytes !== undefined
  const release = (): void => {
    if (isHeld && entry.bytes) intake.release(entry.bytes)
    isHeld = false
  }
  try {
    const digest = digestOfEntry(entry)
    if (!entry.isFile) throw noFile()
    if (!entry.bytes) throw tooLong(entry)
    // Not waited for when there is none: of small files thousands a second come.
    if (shaman.unverified.has(digest)) await shaman.unverified.read([digest])
    if (!shaman.claims.holds(client, digest) && shaman.blobs.isStored(digest)) {
      shaman.protection.lease([digest])
      return { ...digest, status: 208 }
    }
    const upload = shaman.inFlight.begin(digest)
    let outcome: 'stored' | 'failed' = 'failed'
    try {
      const put = await shaman.blobs.putBytes(digest, entry.bytes, release)
      outcome = 'stored'
      return { ...digest, status: put === 'stored' ? 201 : 208 }
    } finally {
      upload.end(outcome)
    }
  } catch (error) {
    const { code, message } = problemOf(error)
    return { name: entry.name.slice(0, 100), status: code, message }
  } finally {
    release()
  }
}

function digestOfEntry({ name, size }: TarEntry): Digest {
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
