/** A file of the checkout and where its bytes come from. */
export interface PlannedFile {
  /** POSIX path inside the checkout. */
  packPath: string
  source: { file: string } | { bytes: Uint8Array }
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
export interface PackPlan {
  project: string
  /** The main .blend inside the checkout. */
  blendPackPath: string
  files: PlannedFile[]
  missing: PlanProblem[]
  outside: PlanProblem[]
  suspicious: PlanProblem[]
}

/** What the scene that will be rendered says about itself. */
export interface SceneFacts {
  name: string
  frameStart: number
  frameEnd: number
  fps: number
  /** As Blender names it: `PNG`, `OPEN_EXR`... */
  format: string
  fileExtension: string
  hasPreviews: boolean
  blenderVersion: string | undefined
}
