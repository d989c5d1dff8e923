import { basename } from 'node:path'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import { createBackoff } from '../backoff.ts'
import type { Store } from './store.ts'

export interface OutputFile {
  /** Where it is here. */
  local: string
  /** Where the farm wants it. */
  farm: string
  frame?: number
  /** Under which others may take the frame instead of rendering it. */
  key?: string
  /** It is where the farm wants it already: only told of, not sent. */
  isWritten?: boolean
}

/** Sends files to the store as they come, and tells the manager what they are. */
export interface OutputSender {
  send(file: OutputFile): void
  /** Resolves when all that was sent has arrived; rejects with the first refusal. */
  settled(): Promise<void>
}

export interface OutputSenderOptions {
  taskId: string
  shaman: Store
  client: WorkerClient
  signal: AbortSignal
  log: Logger
  retry?: { minMs: number; maxMs: number }
}

export function createOutputSender(options: OutputSenderOptions): OutputSender {
  const queue = new PQueue({ concurrency: 2 })
  const sent = new Set<string>()
  let failure: unknown

  async function deliver(file: OutputFile): Promise<void> {
    const { signal, log } = options
    const backoff = createBackoff(options.retry ?? { minMs: 500, maxMs: 15_000 })
    while (!signal.aborted) {
      try {
        return await deliverOnce(options, file)
      } catch (error) {
        if (signal.aborted) return
        if (isFinal(error)) {
          failure ??= error
          return
        }
        log.debug({ err: error, file: file.local }, 'output waits')
        await backoff.wait(signal)
      }
    }
  }

  return {
    send(file) {
      const name = `${file.key ?? ''} ${file.local}`
      if (sent.has(name)) return
      sent.add(name)
      void queue.add(() => deliver(file))
    },
    async settled() {
      await queue.onIdle()
      if (failure !== undefined) throw failure
    },
  }
}

async function deliverOnce(
  { taskId, shaman, client, signal }: OutputSenderOptions,
  file: OutputFile,
): Promise<void> {
  const digest = await digestOfFile(file.local, { signal })
  const { local, farm: path, frame, key, isWritten } = file
  if (!isWritten) {
    const name = `outputs/${basename(local)}`
    await shaman.upload({ files: [{ path: name, digest, source: { file: local } }], signal })
  }
  const facts = {
    ...(frame === undefined ? {} : { frame }),
    ...(key === undefined ? {} : { key }),
    ...(isWritten ? { written: true } : {}),
  }
  await client.farmTaskOutputs({
    params: { task_id: taskId },
    body: { files: [{ path, ...digest, ...facts }] },
    signal,
  })
}

/** The file is gone, or the manager will never take it; anything else may be better in a moment. */
function isFinal(error: unknown): boolean {
  const { code, status = 0 } = error as { code?: unknown; status?: number }
  return code === 'ENOENT' || (status >= 400 && status < 500 && status !== 408 && status !== 429)
}
