export { BlendError } from './blend/errors.ts'
export { type PackPlan, type PlannedFile, type PlanOptions, planPack } from './plan.ts'
export { readSceneSummary, type SceneSummary } from './scene-summary.ts'
export type { DependencyKind } from './trace/references.ts'
export type { PathMapping } from './trace/stored-path.ts'
export {
  type FileStatus,
  type FileUser,
  type Trace,
  type TracedBlend,
  type TracedFile,
  TraceError,
  type TraceOptions,
  type TraceProgress,
  tracePack,
} from './trace/trace.ts'
