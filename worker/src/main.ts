export { type ConfigFlags, defaultTaskTypes, readConfig, type WorkerConfig } from './config.ts'
export type { WorkerOptions } from './options.ts'
export type { WorkerEnd } from './states.ts'
export { startWorker, type Worker } from './worker.ts'
