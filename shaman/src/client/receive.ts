import { type Address, apiBase, authorizationOf, originOf } from './address.ts'
import { type AnswerHead, type Connection, connectTo, type PlainRequest } from './connection.ts'
import { ShamanClientError } from './errors.ts'
import type { Http } from './http.ts'
import { problemOf } from './problems.ts'
import { createRetries, type RetryOptions } from './retries.ts'
import { type Consume, createRoom } from './room.ts'

/** A request whose answer is used where it arrives. */
export interface ReceiveRequest {
  method?: PlainRequest['method']
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
  /** Asked for answers that come without their length, as from some proxies. */
  http(): Promise<Http>
}

/** The rest of an answer that has begun. */
interface Begun {
  rest: Promise<void>
}

/** Creates a receiver; it connects when it is needed. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const { roomBytes } = options
  const origin = originOf(options.url)
  const authorization = authorizationOf(options)
  const withRetries = createRetries(origin, options)
  const idle: Connection[] = []

  return {
    async receive(path, request) {
      const { signal } = request
      const { rest } = await withRetries({ signal }, () => begin(path, request))
      await rest
    },
    close() {
      for (const connection of idle.splice(0)) connection.close()
    },
  }

  async function begin(path: string, request: ReceiveRequest): Promise<Begun> {
    const { status: wanted = 200, signal } = request
    signal?.throwIfAborted()
    const connection = takeIdle() ?? connectTo(origin, roomBytes)
    const abort = (): void => connection.close(signal?.reason)
    signal?.addEventListener('abort', abort)
    let refusal = ''
    const answer = connection.ask(wireOf(path, request), ({ status, length }) => {
      if (status === wanted) return request.consume
      if (!isShort(length)) return undefined
      return whole(length, (text) => {
        refusal = text
      })
    })
    const rest = answer.body.finally(() => {
      signal?.removeEventListener('abort', abort)
      if (connection.isOpen) idle.push(connection)
    })
    rest.catch(() => {})
    const { status, length } = await answer.head
    if (status === wanted && length !== undefined) return { rest }
    if (status !== wanted && status < 400) throw unexpected(status, wanted)
    if (!isShort(length)) return ordinarily(path, request)
    await rest
    throw problemOf({ status, text: refusal }, path)
  }

  function takeIdle(): Connection | undefined {
    for (;;) {
      const connection = idle.pop()
      if (!connection || connection.isOpen) return connection
    }
  }

  function wireOf(path: string, { method, headers, body }: ReceiveRequest): PlainRequest {
    return {
      method: method ?? 'GET',
      path: apiBase + path,
      headers: { ...(authorization !== undefined && { authorization }), ...headers },
      body,
    }
  }

  async function ordinarily(path: string, request: ReceiveRequest): Promise<Begun> {
    const { method = 'GET', headers = {}, body, signal, status: wanted = 200 } = request
    const http = await options.http()
    const { body: pieces } = await http.stream(path, {
      ...{ method, headers, signal, retries: 0 },
      ...(body && { body: () => body }),
      accept: (status) => status === wanted,
    })
    const put = async (): Promise<void> => {
      const room = createRoom(roomBytes, request.consume)
      for await (const piece of pieces as AsyncIterable<Buffer>) room.put(piece)
    }
    return { rest: put() }
  }
}

const longestProblem = 64 << 10

function isShort(length: AnswerHead['length']): length is number {
  return length !== undefined && length <= longestProblem
}

function unexpected(status: number, wanted: number): ShamanClientError {
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the store answered ${status} where only ${wanted} makes sense`,
  )
}

/** Waits until all of so many bytes are there. */
function whole(length: number, onText: (text: string) => void): Consume {
  return (bytes) => {
    if (bytes.length < length) return 0
    onText(bytes.toString('utf8'))
    return length
  }
}
