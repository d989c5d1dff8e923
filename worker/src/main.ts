export { type ConfigFlags, defaultTaskTypes, readConfig, type WorkerConfig } from './config.ts'
export { startWorker, type Worker, type WorkerEnd, type WorkerOptions } from './worker.ts'
