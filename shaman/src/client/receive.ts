import { request as askPlainly, type IncomingMessage, Agent as PlainAgent } from 'node:http'
import { request as askSecurely, Agent as SecureAgent } from 'node:https'
import { type Address, apiBase, authorizationOf, originOf } from './address.ts'
import { ShamanClientError } from './errors.ts'
import { problemOf } from './problems.ts'
import { createRetries, type RetryOptions } from './retries.ts'
import { type Consume, createRoom } from './room.ts'

/** A request whose answer is used as it arrives. */
export interface ReceiveRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: Uint8Array
  signal?: AbortSignal | undefined
  /** The status that is an answer; any other is thrown. Default 200. */
  status?: number
  consume: Consume
}

/** Receives bodies, and keeps the connections for the next. */
export interface Receiver {
  /**
   * Resolves when the body has been consumed. The request is sent again, where that may help, as long as nothing of a body
   * has come; what breaks off later is the caller's to continue.
   */
  receive(path: string, request: ReceiveRequest): Promise<void>
  close(): void
}

/** What a {@link Receiver} needs. */
export interface ReceiverOptions extends Address, RetryOptions {
  /** Each thing in the bodies fits into so many bytes. */
  roomBytes: number
}

const connectMs = 10_000
const stillMs = 60_000
const longestProblem = 64 << 10

/** Creates a receiver; it connects when it is needed. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const origin = originOf(options.url)
  const authorization = authorizationOf(options)
  const withRetries = createRetries(origin, options)
  const isSecure = origin.startsWith('https:')
  const ask = isSecure ? askSecurely : askPlainly
  const agent = new (isSecure ? SecureAgent : PlainAgent)({ keepAlive: true })

  return {
    async receive(path, request) {
      const { signal } = request
      const answer = await withRetries({ signal }, () => begin(path, request))
      const room = createRoom(options.roomBytes, request.consume)
      try {
        for await (const piece of answer as AsyncIterable<Buffer>) room.put(piece)
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      }
      if (!room.isEmpty) throw new Error('the answer ends in the middle')
    },
    close: () => agent.destroy(),
  }

  async function begin(path: string, request: ReceiveRequest): Promise<IncomingMessage> {
    const { status: wanted = 200, signal } = request
    signal?.throwIfAborted()
    const answer = await send(path, request)
    const status = answer.statusCode!
    if (status === wanted) return answer
    const text = await textOf(answer)
    if (status < 400) throw unexpected(status, wanted)
    throw problemOf({ status, headers: answer.headers, text }, path)
  }

  function send(path: string, request: ReceiveRequest): Promise<IncomingMessage> {
    const { method = 'GET', body, signal } = request
    const headers = {
      ...(authorization !== undefined && { authorization }),
      ...(body && { 'content-length': body.byteLength }),
      ...request.headers,
    }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asked = ask(origin + apiBase + path, {
      method,
      headers,
      agent,
      ...(signal && { signal }),
    })
    asked.on('response', resolve)
    asked.on('error', reject)
    asked.on('timeout', () => asked.destroy(new Error('the server stands still')))
    asked.on('socket', (socket) => {
      asked.setTimeout(socket.connecting ? connectMs : stillMs)
      if (socket.connecting) socket.once('connect', () => asked.setTimeout(stillMs))
    })
    asked.end(body)
    return promise
  }
}

/** As much of a refusal as is worth telling. */
async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece
    if (text.length > longestProblem) break
  }
  return text
}

function unexpected(status: number, wanted: number): ShamanClientError {
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the store answered ${status} where only ${wanted} makes sense`,
  )
}
