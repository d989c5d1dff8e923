import type { CrossCheck } from '../trace/model.ts'
import type { ListingReport, SubmissionPlan, SubmitReport } from './submission.ts'

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
    ...(plan.crossCheck ? { listing: describeListing(plan.crossCheck) } : {}),
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

function describeListing({ listed, onlyBlender, onlyPack }: CrossCheck): ListingReport {
  return { paths: listed, only_blender: onlyBlender, only_pack: onlyPack.length }
}
