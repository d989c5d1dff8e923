import { createShamanClient } from '@shaman-farm/shaman/client'
import { digestOf } from '@shaman-farm/shaman/digest'
import { serveWorker } from '../process/helper-side.ts'

export interface ThroughputQuestion {
  url: string
  authorization: string | undefined
  bytes: number
}

serveWorker(async ({ url, authorization, bytes: size }: ThroughputQuestion, { signal }) => {
  const bytes = probeOf(size)
  const digest = digestOf(bytes)
  const client = createShamanClient({ url, authorization })
  try {
    const files = [{ path: 'throughput-probe', digest, source: { bytes } }]
    await client.upload({ files, signal })
  } finally {
    await client.close()
  }
  const started = performance.now()
  const response = await fetch(`${url}/api/v3/shaman/x/blobs/${digest.sha}/${digest.size}`, {
    headers: authorization ? { authorization } : {},
    signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  })
  if (!response.ok) throw new Error(`the store answered ${response.status}`)
  let got = 0
  for await (const chunk of response.body ?? []) got += chunk.length
  return (got / (performance.now() - started)) * 1000
})

/** The same bytes each time: the store keeps one copy, however many workers ask. */
function probeOf(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0, x = 1; i < size; i += 4) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    bytes.writeUInt32LE(x, i)
  }
  return bytes
}
