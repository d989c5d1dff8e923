export { BlendError } from './blend/errors.ts'
export { PackError, type PackErrorCode } from './errors.ts'
export { type PackPlan, type PlannedFile, type PlanOptions, planPack } from './plan.ts'
export { readSceneSummary, type SceneSummary } from './scene-summary.ts'
export { type HashCache, type HashCacheOptions, openHashCache } from './send/hash-cache.ts'
export { type HashedFile, type HashOptions, hashFiles } from './send/hash-files.ts'
export { createKeptBytes, type KeptBytes } from './send/kept-bytes.ts'
export type {
  CrossCheck,
  FileStatus,
  FileUser,
  Trace,
  TracedBlend,
  TracedFile,
  TraceOptions,
  TraceProgress,
} from './trace/model.ts'
export type { DependencyKind } from './trace/references.ts'
export type { PathMapping } from './trace/stored-path.ts'
export { tracePack } from './trace/trace.ts'
