import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** One request of a client as it went over the wire, and what it got. */
export interface Exchange {
  method: string
  path: string
  headers: Record<string, string>
  /** base64 */
  body: string
  status: number
  /** Parsed when it is JSON; nothing else of an answer is looked at. */
  answer?: unknown
}

/** The job that is there when a worker comes, at the recording and after. */
export const echo = {
  name: 'recorded',
  type: 'echo-sleep-test',
  priority: 50,
  submitter_platform: 'linux',
  settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
}

const kept = /^(accept|authorization|content-type|upload-offset|x-.*)$/

/** Stands before a manager and writes down what passes. */
export async function startRecorder(
  target: string,
): Promise<{ url: string; exchanges: Exchange[]; close(): void }> {
  const exchanges: Exchange[] = []
  const server = createServer(async (from, to) => {
    const chunks: Buffer[] = []
    for await (const chunk of from) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const headers = Object.fromEntries(
      Object.entries(from.headers).filter(([name]) => kept.test(name)),
    ) as Record<string, string>
    const exchange = {
      method: from.method!,
      path: from.url!,
      headers,
      body: body.toString('base64'),
    }
    const recorded: Exchange = { ...exchange, status: 0 }
    exchanges.push(recorded)
    const { hostname, port } = new URL(target)
    const { method, url: path } = from
    const call = request({ hostname, port, method, path, headers: from.headers })
    call.on('response', async (response: IncomingMessage) => {
      recorded.status = response.statusCode!
      to.writeHead(response.statusCode!, response.headers)
      const got: Buffer[] = []
      response.on('data', (chunk: Buffer) => got.push(chunk))
      await pipeline(response, to).catch(() => {})
      recorded.answer = parse(response.headers['content-type'], Buffer.concat(got))
    })
    call.on('error', () => to.destroy())
    call.end(body)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, exchanges, close: () => server.close() }
}

function parse(type: string | undefined, bytes: Buffer): unknown {
  if (!type?.includes('application/json') || bytes.length === 0) return undefined
  return JSON.parse(bytes.toString('utf8'))
}

export interface Difference {
  request: string
  what: string
}

/**
 * Sends it all again, to another manager. Ids that the manager made are new ones there: wherever its answer has another
 * id in the place of a recorded one, the requests that follow have it too.
 */
export async function replay(url: string, exchanges: readonly Exchange[]): Promise<Difference[]> {
  const renamed = new Map<string, string>()
  const differences: Difference[] = []
  for (const one of exchanges) {
    const rename = (text: string): string => {
      let now = text
      for (const [old, next] of renamed) now = now.replaceAll(old, next)
      return now
    }
    const headers = Object.fromEntries(
      Object.entries(one.headers).map(([name, value]) => [
        name,
        name === 'authorization' ? renameBasic(value, rename) : rename(value),
      ]),
    )
    const isText = /json/.test(one.headers['content-type'] ?? '')
    const bytes = Buffer.from(one.body, 'base64')
    const body = isText ? Buffer.from(rename(bytes.toString('utf8'))) : bytes
    const response = await fetch(`${url}${rename(one.path)}`, {
      method: one.method,
      headers,
      ...(bytes.length > 0 ? { body: new Uint8Array(body) } : {}),
      signal: AbortSignal.timeout(70_000),
    })
    const got = Buffer.from(await response.arrayBuffer())
    const name = `${one.method} ${one.path}`
    const tell = (what: string): void => void differences.push({ request: name, what })
    if (response.status !== one.status) tell(`${one.status} became ${response.status}: ${got}`)
    const answer = parse(response.headers.get('content-type') ?? undefined, got)
    // An answer that was waited for tells what happened meanwhile, which is nothing here.
    const isExact = !('x-farm-wait' in one.headers)
    compare(one.answer, answer, { at: 'answer', isExact, tell, renamed })
  }
  return differences
}

function renameBasic(header: string, rename: (text: string) => string): string {
  const [, encoded] = /^Basic (.+)$/.exec(header) ?? []
  if (encoded === undefined) return header
  return `Basic ${btoa(rename(atob(encoded)))}`
}

const madeByManager = /^([0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40,64})$/

/** What was there must be there still, of the same kind; more is allowed. */
function compare(
  before: unknown,
  now: unknown,
  where: { at: string; isExact: boolean; tell(what: string): void; renamed: Map<string, string> },
): void {
  const { at, isExact, tell, renamed } = where
  if (before === undefined) return
  if (kindOf(before) !== kindOf(now)) {
    tell(`${at}: ${kindOf(before)} became ${kindOf(now)}`)
    return
  }
  if (isExact && typeof before === 'boolean' && before !== now)
    tell(`${at}: ${before} became ${now}`)
  if (typeof before === 'string' && typeof now === 'string') {
    if (madeByManager.test(before) && madeByManager.test(now) && before !== now) {
      renamed.set(before, now)
    }
  } else if (Array.isArray(before) && Array.isArray(now)) {
    for (const [i, item] of before.entries()) {
      if (i < now.length) compare(item, now[i], { ...where, at: `${at}[${i}]` })
    }
  } else if (typeof before === 'object' && before !== null) {
    for (const [key, value] of Object.entries(before)) {
      compare(value, (now as Record<string, unknown>)[key], { ...where, at: `${at}.${key}` })
    }
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
}
