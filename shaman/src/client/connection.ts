import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { type Consume, createRoom } from './room.ts'

/** A request whose answer goes straight into memory. */
export interface PlainRequest {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: Uint8Array | undefined
}

/** The head of an answer. */
export interface AnswerHead {
  status: number
  /** Bytes of its body; undefined when the body ends in another way. */
  length: number | undefined
}

/** An answer under way. */
export interface Answer {
  head: Promise<AnswerHead>
  /** Resolves when all of it has been consumed. */
  body: Promise<void>
}

/** A connection of HTTP/1.1 for bodies of a known length; one answer at a time. */
export interface Connection {
  /** False once it is closed, or the server wants it to be. */
  readonly isOpen: boolean
  /** @param consumerFor who takes the body; undefined gives it up, and the connection with it */
  ask(request: PlainRequest, consumerFor: (head: AnswerHead) => Consume | undefined): Answer
  close(reason?: Error): void
}

const connectMs = 10_000
const stillMs = 60_000
const mostHeadBytes = 16 << 10

interface Running {
  consumerFor: (head: AnswerHead) => Consume | undefined
  head: PromiseWithResolvers<AnswerHead>
  body: PromiseWithResolvers<void>
  /** Known once the head is here. */
  rest?: { left: number; consume: Consume }
}

/**
 * Connects. Bytes are read by the kernel into the one room where they are used: a gigabyte takes a third of a second of
 * processor time to receive, a fifth of what it takes as pieces of memory of their own through a parser of HTTP.
 */
export function connectTo(origin: string, roomBytes: number): Connection {
  let running: Running | undefined
  let reason: Error | undefined
  let isOpen = true
  const room = createRoom(roomBytes, take)
  const socket = openSocket(new URL(origin), {
    buffer: room.free,
    callback(count) {
      try {
        room.filled(count)
      } catch (error) {
        close(error as Error)
      }
      return true
    },
  })
  socket.on('error', (error) => {
    reason ??= error
  })
  socket.on('timeout', () => close(new Error('the server stands still')))
  socket.on('end', () => close())
  socket.on('close', () => {
    isOpen = false
    reason ??= new Error('the connection was closed')
    running?.head.reject(reason)
    running?.body.reject(reason)
  })

  return {
    get isOpen() {
      return isOpen
    },
    ask(request, consumerFor) {
      const head = Promise.withResolvers<AnswerHead>()
      const body = Promise.withResolvers<void>()
      // Whoever hears that there is no head does not wait for the body.
      body.promise.catch(() => {})
      running = { consumerFor, head, body }
      socket.ref()
      socket.write(headOf(request, origin))
      if (request.body) socket.write(request.body)
      return { head: head.promise, body: body.promise }
    },
    close,
  }

  function close(why?: Error): void {
    reason ??= why
    isOpen = false
    socket.destroy()
  }

  function take(bytes: Buffer): number {
    if (!running) throw new Error('the server sends what nobody asked for')
    return running.rest ? takeBody(running, running.rest, bytes) : takeHead(running, bytes)
  }

  function takeHead(current: Running, bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1 || end > mostHeadBytes) {
      if (bytes.length > mostHeadBytes) throw new Error('the answer has no end of its head')
      return 0
    }
    const { staysOpen, ...head } = parseHead(bytes.toString('latin1', 0, end))
    isOpen &&= staysOpen
    const consume = current.consumerFor(head)
    current.head.resolve(head)
    if (!consume || head.length === undefined) {
      close()
      return bytes.length
    }
    current.rest = { left: head.length, consume }
    if (head.length === 0) finish(current)
    return end + 4
  }

  function takeBody(current: Running, rest: NonNullable<Running['rest']>, bytes: Buffer): number {
    const part = bytes.subarray(0, rest.left)
    const taken = rest.consume(part)
    if (taken < part.length && part.length === rest.left) {
      throw new Error('the answer ends in the middle')
    }
    rest.left -= taken
    if (rest.left === 0) finish(current)
    return taken
  }

  function finish(current: Running): void {
    running = undefined
    if (isOpen) socket.unref()
    else socket.destroy()
    current.body.resolve()
  }
}

function openSocket({ protocol, hostname, port }: URL, onread: OnReadOpts): Socket {
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = protocol === 'https:'
  const to = { host, port: Number(port || (isSecure ? 443 : 80)), onread }
  // RFC 6066: a name, never an address.
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = isSecure ? connectSecurely({ ...to, ...name }) : connectPlain(to)
  socket.setTimeout(connectMs)
  socket.setNoDelay(true)
  socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.setTimeout(stillMs))
  return socket
}

function headOf({ method, path, headers, body }: PlainRequest, origin: string): string {
  const all = {
    host: new URL(origin).host,
    ...headers,
    ...(body && { 'content-length': String(body.byteLength) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

/** @throws Error when it is no head of HTTP/1.1 */
function parseHead(text: string): AnswerHead & { staysOpen: boolean } {
  const [first = '', ...lines] = text.split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
  if (!status) throw new Error('the answer is not HTTP/1.1')
  const fields = new Map(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
  const length = fields.get('content-length') ?? ''
  const isPlain =
    /^\d{1,15}$/.test(length) && !fields.has('transfer-encoding') && !fields.has('content-encoding')
  return {
    status,
    length: isPlain ? Number(length) : undefined,
    staysOpen: fields.get('connection')?.toLowerCase() !== 'close',
  }
}
