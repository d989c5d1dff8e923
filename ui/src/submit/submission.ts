import { createSignal } from 'solid-js'
import { call } from '../farm/api.ts'
import type { FarmJob } from '../farm/wire.ts'
import { type Counted, type HashedFile, hashFiles } from './hash.ts'
import type { Order } from './order.ts'
import { checkoutPathOf, type Project } from './project.ts'
import { needsLook, type TraceReport, traceCheckout } from './trace.ts'
import { createCheckout, type Negotiated, negotiate, uploadMissing } from './upload.ts'

export type Phase = 'hash' | 'negotiate' | 'upload' | 'checkout' | 'trace' | 'submit'

export interface Progress {
  phase: Phase
  files: number
  filesTotal: number
  bytes: number
  bytesTotal: number
  since: number
}

export type Submission = ReturnType<typeof createSubmission>

/**
 * Takes a project from this browser to a job: hash, send what the store lacks, check out, trace,
 * submit. What is done is not done again when a step fails or a person changes the order.
 */
export function createSubmission(
  project: Project,
  onDone: (job: FarmJob, facts: { receipt: Negotiated; report: TraceReport | undefined }) => void,
) {
  const [progress, setProgress] = createSignal<Progress>()
  const [receipt, setReceipt] = createSignal<Negotiated>()
  const [report, setReport] = createSignal<TraceReport>()
  const [error, setError] = createSignal<unknown>()
  let hashed: HashedFile[] | undefined
  let checkout: string | undefined
  let stopper: AbortController | undefined

  return { progress, receipt, report, error, run, stop: () => stopper?.abort() }

  async function run(order: Order, options: { evenIfLacking?: boolean } = {}): Promise<void> {
    const mine = new AbortController()
    stopper = mine
    setError(undefined)
    try {
      hashed ??= await hash(mine.signal)
      checkout ??= await store(hashed, order, mine.signal)
      if (!options.evenIfLacking && (await isLacking(checkout, order, mine.signal))) return
      begin('submit', 1, 0)
      const body = order.jobOf(checkout, new Date())
      const job = await call<FarmJob>('/jobs', { method: 'POST', body, signal: mine.signal })
      onDone(job, { receipt: receipt()!, report: report() })
    } catch (cause) {
      if (!mine.signal.aborted) setError(cause)
    } finally {
      setProgress(undefined)
    }
  }

  function hash(signal: AbortSignal): Promise<HashedFile[]> {
    begin('hash', project.files.length, project.bytes)
    return hashFiles(project.files, { signal, onProgress: count })
  }

  async function store(
    files: readonly HashedFile[],
    order: Order,
    signal: AbortSignal,
  ): Promise<string> {
    begin('negotiate', files.length, project.bytes)
    const found = await negotiate(files, signal)
    setReceipt(found)
    const bytes = found.missing.reduce((sum, one) => sum + one.size, 0)
    begin('upload', found.missing.length, bytes)
    await uploadMissing(found.missing, { signal, onProgress: count })
    begin('checkout', files.length, project.bytes)
    return createCheckout(files, checkoutPathOf(order.facts.name, new Date()), signal)
  }

  async function isLacking(path: string, order: Order, signal: AbortSignal): Promise<boolean> {
    begin('trace', 1, 0)
    const found = await traceCheckout(path, order.facts.blend, signal)
    setReport(found)
    return needsLook(found)
  }

  function begin(phase: Phase, filesTotal: number, bytesTotal: number): void {
    setProgress({ phase, files: 0, filesTotal, bytes: 0, bytesTotal, since: performance.now() })
  }

  function count(done: Counted): void {
    setProgress((now) => now && { ...now, files: done.files, bytes: done.bytes })
  }
}
