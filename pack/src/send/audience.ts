import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import {
  createProgress,
  formatBytes,
  formatCount,
  formatTable,
  type Progress,
} from '@shaman-farm/terminal'
import { PackError } from '../errors.ts'
import type { Amount, PlanProblem, Submission, SubmitAudience, SubmitReport } from './submission.ts'

/** What to do about missing files. */
export type MissingMode = 'ask' | 'ignore' | 'fail'

/** How a command watches and decides. */
export interface AudienceOptions {
  missing: MissingMode
  /** Waits for a decision after the report. */
  confirm: boolean
  dryRun: boolean
  signal: AbortSignal
}

/** An audience that also tells the outcome. */
export interface CommandAudience extends SubmitAudience {
  onSubmitted: (submission: Submission) => void
  close(): void
}

/** One JSON object a line on standard output; decisions come as lines on standard input. */
export function machineAudience(options: AudienceOptions): CommandAudience {
  const say = throttledWriter()
  return {
    signal: options.signal,
    onTrace: ({ blends, path }) => say('trace', { blends, path }),
    onHash: (progress) =>
      say('hash', {
        files_done: progress.filesDone,
        files_total: progress.filesTotal,
        files_cached: progress.filesCached,
        bytes_done: progress.bytesDone,
        bytes_total: progress.bytesTotal,
      }),
    onUpload: (progress) =>
      say('upload', {
        phase: progress.phase,
        files_done: progress.filesDone,
        files_total: progress.filesTotal,
        bytes_done: progress.bytesDone,
        bytes_total: progress.bytesTotal,
        rate: Math.round(progress.rate),
        ...(progress.etaMs === undefined ? {} : { eta_s: Math.ceil(progress.etaMs / 1000) }),
      }),
    async decideMissing(missing) {
      // With --confirm the decision comes after the report, which names the missing files too.
      if (options.missing === 'ignore' || options.confirm || options.dryRun) return true
      throw filesMissing(missing)
    },
    async decideReport(report) {
      say('report', { ...report, dry_run: options.dryRun }, { always: true })
      if (!options.confirm || options.dryRun) return true
      return (await readLine(options.signal)) === 'send'
    },
    onSubmitted: ({ job, checkout, receipt, url }) =>
      say('submitted', { job, checkout, receipt, url }, { always: true }),
    close() {},
  }
}

/** Bars, a report and questions on a terminal; plain lines elsewhere. */
export function personAudience(options: AudienceOptions): CommandAudience {
  let bar: Progress | undefined
  let label = ''
  const barFor = (name: string, unit: 'bytes' | 'items'): Progress => {
    if (label !== name) {
      bar?.stop()
      bar = createProgress(name, { unit })
      label = name
    }
    return bar!
  }
  const close = (): void => {
    bar?.stop()
    label = ''
  }
  return {
    signal: options.signal,
    onTrace: ({ blends }) => barFor('trace', 'items').update(blends, blends),
    onHash: (p) => barFor('hash', 'bytes').update(p.bytesDone, p.bytesTotal),
    onUpload: (p) => barFor(p.phase, 'bytes').update(p.bytesDone, p.bytesTotal),
    async decideMissing(missing) {
      close()
      if (options.dryRun || options.missing === 'ignore') return true
      if (options.missing === 'fail' || !isInteractive()) throw filesMissing(missing)
      tell(listOf('missing', missing))
      return isYes(await ask('Submit without them? [y/N] ', options.signal))
    },
    async decideReport(report) {
      close()
      tell(reportText(report))
      if (options.dryRun || !options.confirm || !isInteractive()) return true
      return isYes(await ask('Send? [y/N] ', options.signal))
    },
    onSubmitted: () => close(),
    close,
  }
}

/** The report as a person reads it. */
export function reportText(report: SubmitReport): string {
  const row = (name: string, amount: Amount): string[] => [
    name,
    amount.files.toLocaleString('en'),
    formatBytes(amount.bytes),
  ]
  const table = formatTable(
    [{ title: '' }, { title: 'files', align: 'right' }, { title: 'bytes', align: 'right' }],
    [row('new', report.new), row('stored', report.stored), row('all', report)],
  )
  return [
    table,
    listOf('outside the project', report.outside),
    listOf('suspicious', report.suspicious),
    listOf('missing', report.missing),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

function listOf(title: string, problems: readonly PlanProblem[]): string {
  if (problems.length === 0) return ''
  return [`${title} (${formatCount(problems.length, 'file')}):`, ...problems.map(lineOf)].join('\n')
}

function lineOf({ path, blend, users, reason }: PlanProblem): string {
  const by = users.length > 0 ? ` (${users.join(', ')} in ${blend})` : ` (in ${blend})`
  return `  ${path}${by}${reason ? `: ${reason}` : ''}`
}

function filesMissing(missing: readonly PlanProblem[]): PackError {
  return new PackError('FILES_MISSING', listOf('missing', missing), {
    detail: { missing },
    hint: 'Put them back, or submit without them with --missing ignore. Nothing was uploaded.',
  })
}

function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim())
}

/** What the person types; Ctrl-C and Ctrl-D are no answer. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const closed = once(lines, 'close').then(() => '')
  lines.once('SIGINT', () => lines.close())
  try {
    const answer = lines.question(question, { signal }).catch(() => '')
    return await Promise.race([answer, closed])
  } finally {
    lines.close()
  }
}

/** One line of standard input; its end counts as no answer. */
async function readLine(signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, signal })
  for await (const line of lines) {
    lines.close()
    return line.trim()
  }
  return ''
}

function tell(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`)
}

/** Progress at most ten times a second per kind, so that a reader is not drowned; the last one always comes. */
function throttledWriter(): (event: string, fields: object, options?: { always: boolean }) => void {
  const intervalMs = 100
  const lastAt = new Map<string, number>()
  return (event, fields, options) => {
    const now = performance.now()
    const { files_done: done, files_total: total } = fields as Record<string, unknown>
    const isDue = now - (lastAt.get(event) ?? -intervalMs) >= intervalMs
    const isLast = done !== undefined && done === total
    if (!options?.always && !isDue && !isLast) return
    lastAt.set(event, now)
    process.stdout.write(`${JSON.stringify({ v: 1, event, ...fields })}\n`)
  }
}
