// The far side of the network: a store that loses connections and bits.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Digest, digestOf } from '@shaman-farm/shaman/digest'

export interface FlakyStore {
  url: string
  /** Of every request: `sha from` for one blob, `batch n` for a tar stream of n. */
  requests: string[]
  add(bytes: Buffer): Digest
  /** Called before each answer; what it returns is cut off or changed so. */
  fault: (nth: number) => { cutAt?: number; flip?: true; status?: number } | undefined
}

export async function startFlakyStore(t: TestContext): Promise<FlakyStore> {
  const blobs = new Map<string, Buffer>()
  const store: FlakyStore = {
    url: '',
    requests: [],
    add(bytes) {
      const digest = digestOf(bytes)
      blobs.set(digest.sha, bytes)
      return digest
    },
    fault: () => undefined,
  }

  function answer(response: ServerResponse, bytes: Buffer | undefined, status: number): void {
    const fault = store.fault(store.requests.length)
    if (!bytes || fault?.status) {
      const error_code = bytes ? 'STORE_BUSY' : 'BLOB_MISSING'
      return void response.writeHead(fault?.status ?? 404).end(JSON.stringify({ error_code }))
    }
    if (fault?.flip) bytes[tarBlock] = bytes[tarBlock]! ^ 1
    response.writeHead(status, { 'content-length': bytes.length })
    if (fault?.cutAt === undefined) return void response.end(bytes)
    response.write(bytes.subarray(0, fault.cutAt), () => setTimeout(() => response.destroy(), 20))
  }

  function one(request: IncomingMessage, response: ServerResponse): void {
    const sha = request.url!.split('/').at(-2)!
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    store.requests.push(`${sha.slice(0, 6)} ${from}`)
    const blob = blobs.get(sha)
    answer(response, blob && Buffer.from(blob.subarray(from)), request.headers.range ? 206 : 200)
  }

  async function many(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const list = Buffer.concat(await Array.fromAsync(request))
    const shas = Array.from({ length: list.length / 40 }, (_, i) =>
      list.toString('hex', i * 40, i * 40 + 32),
    )
    store.requests.push(`batch ${shas.length}`)
    const found = shas.map((sha) => blobs.get(sha))
    const entries = found.map((bytes, i) => bytes && tarEntry(shas[i]!, bytes))
    const isWhole = entries.every((entry) => entry !== undefined)
    answer(response, isWhole ? Buffer.concat([...entries, Buffer.alloc(1024)]) : undefined, 200)
  }

  const server = createServer((request, response) => {
    if (request.method === 'POST') void many(request, response)
    else one(request, response)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  store.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return store
}

const tarBlock = 512

function tarEntry(sha: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(tarBlock)
  header.write(`${sha}/${bytes.length}`)
  header.write(bytes.length.toString(8).padStart(11, '0'), 124)
  header.write('        0ustar\x0000', 148)
  const sum = header.reduce((total, byte) => total + byte)
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148)
  return Buffer.concat([header, bytes], tarBlock * (1 + Math.ceil(bytes.length / tarBlock)))
}
