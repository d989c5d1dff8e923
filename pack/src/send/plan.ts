import { planPack } from '../plan.ts'
import { readSceneSummary, type SceneSummary } from '../scene-summary.ts'
import { type TracedBlend, type TracedFile, tracePack } from '../trace/trace.ts'
import type { SubmitAudience, SubmitRequest } from './submit.ts'

/** A file of the checkout and where its bytes come from. */
export interface PlannedFile {
  /** POSIX path inside the checkout. */
  packPath: string
  file: string
}

/** A dependency that a person should know of. */
export interface PlanProblem {
  /** Absolute path, as resolved on this machine. */
  path: string
  /** As written in the .blend. */
  stored: string
  kind: string
  /** The .blend that names it. */
  blend: string
  /** Who uses it there: `IMbrick.filepath`. */
  users: string[]
  size?: number
  /** Why it is told, when that is not plain. */
  reason?: string
}

/** Everything a submission sends. */
export interface SubmissionPlan {
  project: string
  /** The main .blend inside the checkout. */
  blendPackPath: string
  scene: SceneSummary
  files: PlannedFile[]
  missing: PlanProblem[]
  outside: PlanProblem[]
  suspicious: PlanProblem[]
}

/** Finds what the .blend needs and where it goes in the checkout. */
export async function planSubmission(
  request: SubmitRequest,
  audience: SubmitAudience,
): Promise<SubmissionPlan> {
  const trace = await tracePack({
    blend: request.blend,
    as: request.as,
    project: request.project,
    signal: audience.signal,
    onProgress: ({ blend, blendsDone }) => audience.onTrace?.({ blends: blendsDone, path: blend }),
  })
  audience.signal?.throwIfAborted()
  const [scene, plan] = await Promise.all([readSceneSummary(request.blend), planPack(trace)])
  return {
    project: trace.project,
    blendPackPath: plan.blendPath,
    scene,
    files: plan.files.map(({ packPath, source }) => ({
      packPath,
      file: 'file' in source ? source.file : source.rewritten,
    })),
    missing: problemsOf(trace.files, missingBecause),
    outside: trace.files.filter(({ status }) => status === 'outside').map((file) => tell(file)),
    suspicious: [
      ...problemsOf(trace.files, suspiciousBecause),
      ...trace.blends.flatMap(brokenLibrary),
    ],
  }
}

/** Undefined: it is there. An empty reason: it is simply missing. */
function missingBecause({ status, frames, hint }: TracedFile): string | undefined {
  if (status === 'missing') return hint ?? ''
  if (status === 'gap') return `frames ${frames ?? '?'} of the sequence are not there`
  if (status === 'unreadable') return hint ?? 'it cannot be read'
  return undefined
}

function suspiciousBecause({ status, hint }: TracedFile): string | undefined {
  if (status === 'case-mismatch') return hint ?? 'its name is spelled differently on disk'
  return status === 'ok' ? hint : undefined
}

function problemsOf(
  files: readonly TracedFile[],
  because: (file: TracedFile) => string | undefined,
): PlanProblem[] {
  return files.flatMap((file) => {
    const reason = because(file)
    return reason === undefined ? [] : [tell(file, reason)]
  })
}

function tell(file: TracedFile, reason = ''): PlanProblem {
  const { path, stored, kind, blend, users, size } = file
  return {
    path,
    stored,
    kind,
    blend,
    users: users.map(({ block, property }) => `${block}.${property}`),
    ...(size > 0 ? { size } : {}),
    ...(reason === '' ? {} : { reason }),
  }
}

/** A library that is there but cannot be read: what it needs in turn is unknown. */
function brokenLibrary({ path, size, error }: TracedBlend): PlanProblem[] {
  if (!error) return []
  const facts = { path, stored: path, kind: 'library', blend: path, users: [], size }
  return [{ ...facts, reason: `what it needs is not known: ${error.message}` }]
}
