import type { PlanProblem, SubmissionPlan } from './plan.ts'

/** Files and their bytes. */
export interface Amount {
  files: number
  bytes: number
}

/** What a submission is about to do, before a byte travels. */
export interface SubmitReport extends Amount {
  /** Contents the farm has not got yet. */
  new: Amount
  /** Contents the farm has already. */
  stored: Amount
  missing: PlanProblem[]
  /** Files from outside the project's folder; they are sent too. */
  outside: PlanProblem[]
  /** Files that are sent, but look as if something is wrong with them. */
  suspicious: PlanProblem[]
}

/** Counts the files of a plan, and of those whose content the farm lacks. Equal contents count once as new. */
export function makeReport(
  plan: SubmissionPlan,
  digests: ReadonlyMap<string, { sha: string; size: number }>,
  newContents: ReadonlySet<string>,
): SubmitReport {
  const report: SubmitReport = {
    files: plan.files.length,
    bytes: 0,
    new: { files: 0, bytes: 0 },
    stored: { files: 0, bytes: 0 },
    missing: plan.missing,
    outside: plan.outside,
    suspicious: plan.suspicious,
  }
  const counted = new Set<string>()
  for (const file of plan.files) {
    const digest = digests.get(file.packPath)!
    report.bytes += digest.size
    const isNew = newContents.has(digest.sha) && !counted.has(digest.sha)
    counted.add(digest.sha)
    const amount = isNew ? report.new : report.stored
    amount.files += 1
    amount.bytes += digest.size
  }
  return report
}
