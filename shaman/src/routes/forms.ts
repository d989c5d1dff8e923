import busboy from 'busboy'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseBlobName } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { Shaman } from '../shaman.ts'
import { problemOf } from './problems.ts'
import { rawBody } from './raw-body.ts'

interface FormResult {
  name: string
  status: number
  message?: string
}

const maxParts = 2000

/** Upload from a browser's form or from curl: each part's field name is `<sha>/<size>`. */
export function formRoutes(app: FastifyInstance, shaman: Shaman): void {
  app.post(
    '/x/form',
    {
      schema: {
        operationId: 'shamanStoreForm',
        summary: 'Store files from a multipart form',
        description: 'The name of each file part is <sha>/<size>.',
        tags: ['shaman'],
        consumes: ['multipart/form-data'],
      },
    },
    async (request, reply) => {
      const files = await receiveForm(shaman, request)
      const isBad = files.length === 0 || files.every((file) => file.status >= 400)
      return reply.code(isBad ? 400 : 200).send({ files })
    },
  )
}

async function receiveForm(shaman: Shaman, request: FastifyRequest): Promise<FormResult[]> {
  const parser = parserOf(request)
  const results: Promise<FormResult>[] = []
  const done = new Promise<void>((resolve, reject) => {
    parser.on('file', (name, stream) => {
      // A part that fails is read to its end, or its neighbours would never come.
      const result = storePart(shaman, name, stream).finally(() => stream.resume())
      results.push(result)
    })
    parser.on('field', (name) => {
      const message = 'the part is not a file: it has no file name'
      results.push(Promise.resolve({ name: name.slice(0, 100), status: 400, message }))
    })
    parser.on('close', resolve)
    parser.on('error', (error) => reject(asProblem(error)))
    parser.on('partsLimit', () => reject(tooMany()))
  })
  done.catch(() => undefined)
  try {
    for await (const chunk of rawBody(request, { stallMs: shaman.stallMs })) {
      if (!parser.write(chunk)) await Promise.race([drained(parser), done])
    }
    parser.end()
    await done
    return await Promise.all(results)
  } catch (error) {
    parser.destroy()
    await Promise.allSettled(results)
    throw error
  }
}

function parserOf(request: FastifyRequest): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: { parts: maxParts } })
  } catch (error) {
    throw asProblem(error)
  }
}

async function storePart(
  shaman: Shaman,
  name: string,
  stream: AsyncIterable<Buffer>,
): Promise<FormResult> {
  try {
    const digest = parseBlobName(name)
    await shaman.unverified.read([digest])
    if (shaman.negotiator.status(digest) === 'stored') return { name, status: 208 }
    const put = await shaman.blobs.put(digest, stream)
    return { name, status: put === 'stored' ? 201 : 208 }
  } catch (error) {
    const { code, message } = problemOf(error)
    return { name: name.slice(0, 100), status: code, message }
  }
}

function drained(parser: busboy.Busboy): Promise<void> {
  return new Promise((resolve) => parser.once('drain', resolve))
}

function asProblem(cause: unknown): ShamanError {
  return new ShamanError('REQUEST_INVALID', `the form is malformed: ${(cause as Error).message}`, {
    cause,
  })
}

function tooMany(): ShamanError {
  return new ShamanError('TOO_LARGE', `a form has at most ${maxParts} parts`)
}
