import type { UploadProgress, UploadReceipt } from '@shaman-farm/shaman/client'
import type { SceneSummary } from '../scene-summary.ts'
import type { CrossCheck } from '../trace/model.ts'
import type { HashProgress } from './hash-files.ts'
import type { MadeJob } from './jobs-api.ts'

/** A .blend to send and the job to make of it. */
export interface SubmitRequest {
  /** The file that is read; a temporary copy when `as` is given. */
  blend: string
  /** Where the .blend is to be taken to lie; its relative paths start there. */
  as?: string | undefined
  /** What Blender itself lists for the file: the union with what is traced is sent. */
  listed?: readonly string[] | undefined
  manager: string
  token?: string | undefined
  name?: string | undefined
  type: string
  /** The job type's etag that the settings were made for; a job type changed since is then refused. */
  typeEtag?: string | undefined
  settings: Readonly<Record<string, string>>
  metadata: Readonly<Record<string, string>>
  priority: number
  startPaused: boolean
  tag?: string | undefined
  project?: string | undefined
  /** Stops after the report. */
  dryRun: boolean
}

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
  crossCheck: CrossCheck | undefined
}

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
  /** How Blender's own listing differs, if it was given. */
  listing?: ListingReport
}

/** Paths that Blender lists, those of them that the trace lacked, and how many files it does not list. */
export interface ListingReport {
  paths: number
  only_blender: readonly string[]
  only_pack: number
}

/** Who watches a submission, and decides in it. */
export interface SubmitAudience {
  signal?: AbortSignal | undefined
  onTrace?: (progress: { blends: number; path: string }) => void
  onHash?: (progress: HashProgress) => void
  onUpload?: (progress: UploadProgress) => void
  /** Asked when files are missing; answers whether to go on without them, or throws. */
  decideMissing: (missing: readonly PlanProblem[]) => Promise<boolean>
  /** Shown the report; answers whether to send. */
  decideReport: (report: SubmitReport) => Promise<boolean>
}

/** What became of a submission. */
export interface Submission {
  job: MadeJob
  checkout: string
  receipt: UploadReceipt
  /** The job's page in the dashboard. */
  url: string
}
