export interface CompilerLimits {
  /** Processor time for loading a script and reading its JOB_TYPE; by the clock it may take `patience` times as long. */
  describeMs: number
  /** The same for loading a script, compileJob and taking its tasks over. */
  compileMs: number
  /** The isolate's heap. A job of 100,000 render tasks takes about 120 MiB. */
  heapMib: number
  /** Resident memory of the whole child; native code (sorting, regular expressions) allocates outside the heap. */
  residentMib: number
  maxTasks: number
  /** All tasks of one job as JSON; 100,000 render tasks are 64 MB. The manager stores them as they come. */
  maxOutputBytes: number
  /** One task as JSON: the manager reads it in one go. */
  maxTaskBytes: number
  /** Requests waiting for the child; more are refused. */
  maxQueued: number
}

/**
 * How much longer than its processor time a script may take by the clock: on a machine that renders, an innocent one
 * waits for its turn most of the time.
 */
export const patience = 4

export const defaultLimits: CompilerLimits = Object.freeze({
  describeMs: 3_000,
  compileMs: 10_000,
  heapMib: 256,
  residentMib: 768,
  maxTasks: 250_000,
  maxOutputBytes: 128 * 1024 * 1024,
  maxTaskBytes: 1024 * 1024,
  maxQueued: 64,
})
