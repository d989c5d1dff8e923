// node plain-download.ts serve BYTES | fetch URL FILE: as many bytes over loopback into one file, and nothing else done.
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { request } from 'undici'

const [role, ...given] = process.argv.slice(2)
if (role === 'serve') serve(Number(given[0]))
else await fetchInto(given[0]!, given[1]!)

function serve(bytes: number): void {
  const piece = Buffer.alloc(1 << 20, 7)
  function* pieces(): Generator<Buffer> {
    for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left)
  }
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': bytes })
    Readable.from(pieces(), { objectMode: false }).pipe(response)
  })
  server.listen(0, '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })
}

async function fetchInto(url: string, file: string): Promise<void> {
  const started = performance.now()
  const { body } = await request(url)
  await pipeline(body, createWriteStream(file, { highWaterMark: 1 << 20 }))
  console.log(String(performance.now() - started))
}
