import { join } from 'node:path'
import type { Digest } from '@shaman-farm/shaman'
import { openShaman, serveShaman } from '@shaman-farm/shaman'
import { startLink } from './link.ts'

/** What the parent asks: drop a blob so that it can be sent again, open a slower way to the store, or tell the CPU time used. */
export type StoreRequest = { forget: Digest } | { bytesPerSecond: number } | 'cpu'

const dir = process.argv[2]!
const shaman = await openShaman({
  root: join(dir, 'storage'),
  stateDir: join(dir, 'state'),
  durability: 'full',
})
const server = await serveShaman({ shaman })
process.on('message', (request: StoreRequest) => void answer(request))
process.on('disconnect', () => process.exit(0))
process.send!({ url: server.url })

async function answer(request: StoreRequest): Promise<void> {
  if (request === 'cpu') {
    const { user, system } = process.cpuUsage()
    process.send!({ cpuSeconds: (user + system) / 1e6 })
  } else if ('bytesPerSecond' in request) {
    process.send!({ url: await startLink(server.url, request.bytesPerSecond) })
  } else {
    await shaman.blobs.delete(request.forget)
    await shaman.index.deleteBlobs([request.forget])
    process.send!({ done: true })
  }
}
