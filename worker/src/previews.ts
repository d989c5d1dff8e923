import { ManagerError, type WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Logger } from 'pino'
import { pause } from './backoff.ts'
import { previewOf } from './images/check.ts'

export interface RenderedImage {
  taskId: string
  file: string
  frame?: number
}

/** Shows rendered images to the manager. Only the newest waits; who falls behind skips. */
export interface Previews {
  offer(image: RenderedImage): void
  close(): Promise<void>
}

export interface PreviewOptions {
  /** The client of whoever the worker is at that time: a manager that forgot it makes it somebody new. */
  client: () => WorkerClient
  log: Logger
  /** How long to wait when the manager has enough images. */
  busyMs?: number
}

export function startPreviews({ client, log, busyMs = 1_000 }: PreviewOptions): Previews {
  const closing = new AbortController()
  let newest: RenderedImage | undefined
  let working: Promise<void> = Promise.resolve()
  let isWorking = false

  async function work(): Promise<void> {
    while (newest && !closing.signal.aborted) {
      const image = newest
      newest = undefined
      try {
        const isTaken = await show(client(), image, closing.signal)
        if (isTaken) continue
        newest ??= image
        await pause(busyMs, closing.signal)
      } catch (error) {
        log.debug({ err: error, task: image.taskId, file: image.file }, 'preview not shown')
      }
    }
    isWorking = false
  }

  return {
    offer(image) {
      newest = image
      if (isWorking) return
      isWorking = true
      working = work()
    },
    async close() {
      closing.abort()
      await working
    },
  }
}

/** False when the manager asks to come later. */
async function show(
  client: WorkerClient,
  image: RenderedImage,
  signal: AbortSignal,
): Promise<boolean> {
  const body = await previewOf(image.file)
  if (!body) return true
  const call = { params: { task_id: image.taskId }, body, contentType: 'image/jpeg', signal }
  const query = image.frame === undefined ? {} : { frame: image.frame }
  const ours = await client.request('farmTaskOutput', { ...call, query })
  // Flamenco's manager knows no frame numbers, and does not know this path.
  const answer: { status: number } = isUnknownPath(ours)
    ? await client.request('taskOutputProduced', call)
    : ours
  if (answer.status === 429) return false
  if (answer.status !== 202) {
    throw new ManagerError('MANAGER_REFUSED', `image refused with status ${answer.status}`, answer)
  }
  return true
}

function isUnknownPath(answer: { status: number }): boolean {
  return answer.status === 404 || answer.status === 405
}
