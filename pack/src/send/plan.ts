import { planPack } from '../plan.ts'
import { readSceneSummary } from '../scene-summary.ts'
import type { TracedBlend, TracedFile } from '../trace/model.ts'
import { tracePack } from '../trace/trace.ts'
import { openablePath } from './odd-names.ts'
import type { PlanProblem, SubmissionPlan, SubmitAudience, SubmitRequest } from './submission.ts'

/** Finds what the .blend needs and where it goes in the checkout. */
export async function planSubmission(
  request: SubmitRequest,
  audience: SubmitAudience,
): Promise<SubmissionPlan> {
  const trace = await tracePack({
    blend: request.blend,
    as: request.as,
    project: request.project,
    listed: request.listed,
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
      file: 'file' in source ? openablePath(source.file) : source.rewritten,
    })),
    missing: problemsOf(trace.files, missingBecause),
    outside: trace.files.filter(({ status }) => status === 'outside').map((file) => tell(file)),
    suspicious: [
      ...problemsOf(trace.files, suspiciousBecause),
      ...trace.blends.flatMap(brokenLibrary),
    ],
    crossCheck: trace.crossCheck,
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
