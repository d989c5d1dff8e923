import type { PackPlan } from '../plan.ts'
import type { Trace } from '../trace/model.ts'

/** Name of the file at a pack's root that says what the pack is. */
export const packInfoName = 'pack-info.json'

/** What a folder or archive made by `farm pack` holds. The same pack gives the same bytes. */
export interface PackInfo {
  readonly v: 1
  /** The main .blend, relative to the pack. */
  readonly blend: string
  readonly files: number
  readonly bytes: number
  /** Stored paths that had no file when the pack was made. */
  readonly missing: readonly string[]
}

/** Describes a pack for those who open it. */
export function describePack(plan: PackPlan, trace: Trace): PackInfo {
  const missing = trace.files.filter((f) => f.status === 'missing' || f.status === 'gap')
  return {
    v: 1,
    blend: plan.blendPath,
    files: plan.files.length,
    bytes: plan.files.reduce((sum, file) => sum + file.size, 0),
    missing: [...new Set(missing.map((file) => file.stored))].sort(),
  }
}

export function formatPackInfo(info: PackInfo): string {
  return `${JSON.stringify(info, undefined, 2)}\n`
}
