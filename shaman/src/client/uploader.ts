import { setTimeout as sleep } from 'node:timers/promises'
import { deltaSizes } from '../delta/algorithms.ts'
import { digestKey } from '../digest.ts'
import { inLanes } from '../lanes.ts'
import { ShamanClientError } from './errors.ts'
import { negotiate } from './negotiate.ts'
import type { UploadRun } from './run.ts'
import { sendBatch, smallFileBytes, toBatches } from './send-batch.ts'
import { sendLarge } from './send-delta.ts'
import { sendWhole } from './send-file.ts'
import type { UploadFile } from './upload-file.ts'

// Waiting for another client: rounds of up to 10 s against our server, of half a second against Flamenco's.
const maxRounds = 60
const waitForOthersMs = 500
const mostWaitMs = 10_000
const maxBatchLanes = 3

/** Sends what the store lacks; resolves once it lacks nothing. */
export async function uploadMissing(run: UploadRun, files: readonly UploadFile[]): Promise<void> {
  try {
    await sendMissing(run, files)
  } catch (error) {
    // Others may be waiting for what this run has claimed; if this does not arrive, the claims lapse.
    if (run.isOurs) {
      void run.http
        .send(`/x/claims/${run.runId}`, { method: 'DELETE', retries: 0 })
        .catch(() => undefined)
    }
    throw error
  }
}

async function sendMissing(run: UploadRun, files: readonly UploadFile[]): Promise<void> {
  const distinct = [...new Map(files.map((file) => [digestKey(file.digest), file])).values()]
  run.meter.begin('negotiate', distinct.length, 0)
  let { unknown, uploading } = await negotiate(run, distinct, { wait: false })
  const missing = [...unknown, ...uploading]
  if (missing.length > 0 && run.isOurs) run.capabilities = await run.askCapabilities()
  run.meter.begin('upload', missing.length, bytesOf(missing))
  for (let round = 0; unknown.length + uploading.length > 0; round += 1) {
    if (round >= maxRounds) throw neverStored([...unknown, ...uploading])
    await send(run, unknown, { round, isAll: uploading.length === 0 })
    // What was answered as stored needs no second question; what others send does, and what was deferred.
    const open = run.isOurs ? uploading : [...unknown, ...uploading]
    if (open.length === 0) return
    if (!run.isOurs && (uploading.length > 0 || run.deferredMs > 0)) await pause(run)
    ;({ unknown, uploading } = await negotiate(run, open, { wait: true }))
    arrived(run, open, [...unknown, ...uploading])
  }
}

/** Files that somebody else has sent meanwhile are done for us as well. */
function arrived(
  run: UploadRun,
  before: readonly UploadFile[],
  after: readonly UploadFile[],
): void {
  if (!run.isOurs) return
  const left = new Set(after)
  const done = before.filter((file) => !left.has(file))
  run.meter.bytes(bytesOf(done))
  run.meter.files(done.length)
}

async function send(
  run: UploadRun,
  files: readonly UploadFile[],
  { round, isAll }: { round: number; isAll: boolean },
): Promise<void> {
  if (!run.isOurs) {
    await inLanes(files, run.parallel, (file) => sendWhole(run, file, { canDefer: round === 0 }))
    return
  }
  const large = files.filter((file) => goesAlone(run, file))
  const small = files.filter((file) => !goesAlone(run, file))
  const batches = toBatches(small, maxBatchLanes)
  const unsent = new Set<unknown>([...large, ...batches])
  const sent = (job: unknown): void => {
    const wasLast = unsent.delete(job) && unsent.size === 0
    if (wasLast && isAll) run.onAllSent()
  }
  const jobs = [
    ...large
      .toSorted((a, b) => b.digest.size - a.digest.size)
      .map((file) => () => sendLarge(run, file).then(() => sent(file))),
    ...batches.map((batch) => () => sendBatch(run, batch, () => sent(batch))),
  ]
  await inLanes(jobs, run.parallel, (job) => job())
}

// A .blend is worth a request of its own well below the size of other large files: the next save hardly differs.
function goesAlone(run: UploadRun, { path, digest }: UploadFile): boolean {
  if (digest.size > smallFileBytes) return true
  return run.delta !== undefined && digest.size >= deltaSizes.min && /\.blend\d*$/i.test(path)
}

async function pause(run: UploadRun): Promise<void> {
  const wait = Math.max(waitForOthersMs, Math.min(run.deferredMs, mostWaitMs))
  run.deferredMs = 0
  await sleep(wait, undefined, run.signal && { signal: run.signal })
}

function bytesOf(files: readonly UploadFile[]): number {
  return files.reduce((sum, file) => sum + file.digest.size, 0)
}

function neverStored(missing: readonly UploadFile[]): ShamanClientError {
  return new ShamanClientError(
    'UPLOAD_INCOMPLETE',
    `${missing.length} files did not arrive in the store, the first is ${missing[0]?.path}`,
    { hint: 'Another client may be uploading them slowly; try again.' },
  )
}
