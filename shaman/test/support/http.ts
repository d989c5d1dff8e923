import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { TestBlob } from './farm.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  json: () => Record<string, unknown>
}

/** A plain request, without any of our client's helpfulness. */
export function ask(
  method: string,
  url: string,
  options: { headers?: Record<string, string>; body?: Buffer | string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: options.headers ?? {}, agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          json: () => JSON.parse(body.toString()) as Record<string, unknown>,
        })
      })
    })
    request.end(options.body)
  })
}

export function askJson(method: string, url: string, body: unknown): Promise<Answer> {
  return ask(method, url, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export function fileUrl(url: string, { digest }: Pick<TestBlob, 'digest'>): string {
  return `${url}/files/${digest.sha}/${digest.size}`
}

/** A request whose body is sent by hand; `close` drops the connection. */
export interface OpenRequest {
  write(bytes: Buffer): Promise<void>
  answer: Promise<string>
  close(): void
}

export function openRequest(
  url: string,
  head: Record<string, string>,
  method = 'POST',
): OpenRequest {
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`${method} ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n${lines.join('')}\r\n`)
  let text = ''
  const answer = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.includes('\r\n\r\n')) resolve(text)
    })
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => socket.write(bytes, (e) => (e ? reject(e) : resolve()))),
    answer,
    close: () => socket.destroy(),
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2000; i += 1) {
    if (await isSo()) return
    await sleep(5)
  }
  throw new Error(`never came to be: ${isSo}`)
}
