import { allEnded } from '../all-ended.ts'
import { deltaSizes } from '../delta/algorithms.ts'
import { inLanes } from '../lanes.ts'
import { createFeed } from './feed.ts'
import type { UploadRun } from './run.ts'
import { batchBytes, sendBatch, smallFileBytes } from './send-batch.ts'
import { sendLarge } from './send-delta.ts'
import type { UploadFile } from './upload-file.ts'

/** Files on their way to a server of ours, while more become known. */
export interface Sending {
  add(files: readonly UploadFile[]): void
  /** All are known; resolves once the server has taken them. `isAll`: nobody else is sending a part of the submission. */
  end(options: { isAll: boolean }): Promise<void>
  /** Gives up what has not been sent; resolves when nothing is under way any more. */
  stop(): Promise<void>
}

// Streams side by side keep both ends busy; a few hundred files are not worth a second one.
const maxLanesForNumber = 3
const filesPerLane = 500

/** Creates an empty sending: small files travel in tar streams as soon as they are known, large ones once all are known. */
export function createSending(run: UploadRun): Sending {
  const small = createFeed<UploadFile>()
  const large: UploadFile[] = []
  const lanes: Promise<void>[] = []
  let smallFiles = 0
  let smallBytes = 0
  let unsentLarge = 0
  let openStreams = 0
  let isAll = false

  return {
    add(files) {
      const together = files.filter((file) => !goesAlone(run, file))
      large.push(...files.filter((file) => goesAlone(run, file)))
      for (const { digest } of together) smallBytes += digest.size
      smallFiles += together.length
      small.add(together)
      // One request is still about what is missing.
      openLanes(run.parallel - 1)
    },
    async end(options) {
      ;({ isAll } = options)
      unsentLarge = large.length
      openLanes(run.parallel)
      small.end()
      handedOver()
      await allEnded([...lanes, failing(sendAllLarge())])
    },
    async stop() {
      small.stop()
      await Promise.allSettled(lanes)
    },
  }

  function openLanes(most: number): void {
    const forNumber = Math.min(maxLanesForNumber, Math.ceil(smallFiles / filesPerLane))
    const wanted = Math.min(most, Math.max(forNumber, Math.ceil(smallBytes / batchBytes)))
    while (lanes.length < wanted) lanes.push(failing(sendBatches()))
  }

  /** The first failure keeps the others from beginning anything new. */
  function failing(sent: Promise<void>): Promise<void> {
    sent.catch(() => small.stop())
    return sent
  }

  async function sendBatches(): Promise<void> {
    for (let first = await small.take(); first; first = await small.take()) {
      openStreams += 1
      await sendBatch(run, { first, more: small }, () => {
        openStreams -= 1
        handedOver()
      })
    }
  }

  async function sendAllLarge(): Promise<void> {
    if (large.length === 0) return
    run.capabilities = await run.askCapabilities()
    large.sort((a, b) => b.digest.size - a.digest.size)
    await inLanes(large, Math.max(1, run.parallel - lanes.length), async (file) => {
      await sendLarge(run, file)
      unsentLarge -= 1
      handedOver()
    })
  }

  function handedOver(): void {
    if (!isAll || openStreams > 0 || unsentLarge > 0 || !small.isOver()) return
    if (smallFiles + large.length === 0) return
    isAll = false
    run.onAllSent()
  }
}

// A .blend is worth a request of its own well below the size of other large files: the next save hardly differs.
function goesAlone(run: UploadRun, { path, digest }: UploadFile): boolean {
  if (digest.size > smallFileBytes) return true
  return run.delta !== undefined && digest.size >= deltaSizes.min && /\.blend\d*$/i.test(path)
}
