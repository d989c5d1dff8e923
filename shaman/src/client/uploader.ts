import { setTimeout as sleep } from 'node:timers/promises'
import { inLanes } from '../lanes.ts'
import { ShamanClientError } from './errors.ts'
import { type Answers, negotiate } from './negotiate.ts'
import type { UploadRun } from './run.ts'
import { sendWhole } from './send-file.ts'
import { createSending } from './send-missing.ts'
import { bytesOf, type UploadFile } from './upload-file.ts'

// Waiting for another client: rounds of up to 10 s against our server, of half a second against Flamenco's.
const maxRounds = 60
const waitForOthersMs = 500
const mostWaitMs = 10_000

/** Sends what the store lacks of files of distinct contents; resolves once it lacks nothing. */
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
  let open = files
  run.meter.begin('negotiate', open.length, 0)
  for (let round = 0; open.length > 0; round += 1) {
    if (round > maxRounds) throw neverStored(open)
    const { sent, uploading } = await sendRound(run, open, round)
    // What was answered as stored needs no second question; what others send does, and what a Flamenco manager took.
    open = run.isOurs ? uploading : [...sent, ...uploading]
    if (!run.isOurs && (uploading.length > 0 || run.deferredMs > 0)) await pause(run)
  }
}

/** Asks, and sends what is missing while the answer is still arriving. */
async function sendRound(
  run: UploadRun,
  files: readonly UploadFile[],
  round: number,
): Promise<{ sent: UploadFile[]; uploading: UploadFile[] }> {
  const sending = createSending(run)
  const unknown: UploadFile[] = []
  const others: UploadFile[] = []
  const onAnswers = (answers: Answers): void => {
    unknown.push(...answers.unknown)
    others.push(...answers.uploading)
    if (round === 0) missing(run, [...answers.unknown, ...answers.uploading])
    else arrived(run, answers.stored)
    if (run.isOurs) sending.add(answers.unknown)
  }
  try {
    await negotiate(run, files, { wait: round > 0, onAnswers })
  } catch (error) {
    await sending.stop()
    throw error
  }
  if (run.isOurs) await sending.end({ isAll: others.length === 0 })
  else await sendToFlamenco(run, unknown, round)
  return { sent: unknown, uploading: others }
}

function missing(run: UploadRun, files: readonly UploadFile[]): void {
  if (files.length > 0) run.meter.addMissing(files.length, bytesOf(files))
}

/** Files that somebody else has sent meanwhile are done for us as well. */
function arrived(run: UploadRun, files: readonly UploadFile[]): void {
  if (!run.isOurs) return
  run.meter.bytes(bytesOf(files))
  run.meter.files(files.length)
}

async function sendToFlamenco(
  run: UploadRun,
  files: readonly UploadFile[],
  round: number,
): Promise<void> {
  await inLanes(files, run.parallel, (file) => sendWhole(run, file, { canDefer: round === 0 }))
}

async function pause(run: UploadRun): Promise<void> {
  const wait = Math.max(waitForOthersMs, Math.min(run.deferredMs, mostWaitMs))
  run.deferredMs = 0
  await sleep(wait, undefined, run.signal && { signal: run.signal })
}

function neverStored(missing: readonly UploadFile[]): ShamanClientError {
  return new ShamanClientError(
    'UPLOAD_INCOMPLETE',
    `${missing.length} files did not arrive in the store, the first is ${missing[0]?.path}`,
    { hint: 'Another client may be uploading them slowly; try again.' },
  )
}
