// One submission by a process of its own: node submit-process.ts, the order as JSON on stdin, the outcome on stdout.
import { json } from 'node:stream/consumers'
import { createDeltaSender, createShamanClient, type UploadFile } from '@shaman-farm/shaman/client'

export interface Order {
  url: string
  checkoutPath: string
  files: UploadFile[]
  /** Where this artist's machine remembers what it sent; without it whole files are sent. */
  history?: string
}

export interface Outcome {
  seconds: number
  wireBytes: number
  requests: number
}

const order = (await json(process.stdin)) as Order
const delta = order.history ? createDeltaSender({ dir: order.history }) : undefined
const client = createShamanClient({ url: order.url, clientId: 'ada', ...(delta && { delta }) })
const start = performance.now()
const { receipt } = await client.submit({ files: order.files, checkoutPath: order.checkoutPath })
const outcome: Outcome = {
  seconds: (performance.now() - start) / 1_000,
  wireBytes: receipt.wireBytes,
  requests: receipt.requests,
}
await client.close()
await delta?.close()
process.stdout.write(JSON.stringify(outcome))
