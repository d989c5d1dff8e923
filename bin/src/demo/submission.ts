import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createManagerClient } from '@shaman-farm/manager-api'
import { createProgress, formatBytes, formatPercent, UserError } from '@shaman-farm/terminal'
import { execa } from 'execa'

export interface Receipt {
  files: number
  bytes: number
  uploadedFiles: number
  uploadedBytes: number
  storedFiles: number
  storedBytes: number
}

export interface Submission {
  jobId: string
  receipt: Receipt
  /** Where the frames and the video of the job go. */
  outputDir: string
}

interface SubmitOptions {
  farm: string
  blend: string
  name: string
  frames: string
  say: (line: string) => void
}

/** Runs `farm submit` as an artist would and returns what it told. */
export async function submit(options: SubmitOptions): Promise<Submission> {
  const args = ['submit', options.blend, '--manager', options.farm, '--name', options.name]
  const child = execa(
    process.execPath,
    [
      join(import.meta.dirname, '..', 'main.ts'),
      ...args,
      ...['--frames', options.frames, '--missing', 'fail', '--json'],
    ],
    { reject: false, stderr: 'pipe', stdin: 'ignore', timeout: 10 * 60_000 },
  )
  const progress = createProgress('upload', { unit: 'bytes' })
  let submitted: { job: { id: string }; receipt: Receipt } | undefined
  let problem: { message?: string; hint?: string } | undefined
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const event = JSON.parse(line) as { event: string; bytes_done?: number; bytes_total?: number }
    if (event.event === 'upload') progress.update(event.bytes_done ?? 0, event.bytes_total ?? 0)
    if (event.event === 'submitted') submitted = event as unknown as typeof submitted
    if (event.event === 'error') problem = event as unknown as typeof problem
  }
  progress.stop()
  const result = await child
  if (!submitted || result.exitCode !== 0) {
    throw new UserError(`farm submit failed: ${problem?.message ?? result.stderr}`, {
      code: 'SUBMIT_FAILED',
      hint: problem?.hint,
    })
  }
  const { receipt } = submitted
  options.say(
    `submitted "${options.name}": ${receipt.uploadedFiles} of ${receipt.files} files sent (${formatBytes(receipt.uploadedBytes)})`,
  )
  return {
    jobId: submitted.job.id,
    receipt,
    outputDir: await outputDirOf(options.farm, submitted.job.id),
  }
}

/** One line of the demo's closing table. */
export function receiptRow(name: string, receipt: Receipt): string[] {
  return [
    name,
    String(receipt.files),
    formatBytes(receipt.bytes),
    String(receipt.uploadedFiles),
    formatBytes(receipt.uploadedBytes),
    formatPercent(receipt.storedBytes, receipt.bytes),
  ]
}

async function outputDirOf(farm: string, jobId: string): Promise<string> {
  const job = await createManagerClient({ url: farm }).fetchJob({ params: { job_id: jobId } })
  const pattern = String(job.settings?.render_output_path ?? '')
  return pattern.replace(/[\\/]#+$/, '')
}
