export interface FailureFacts {
  /** Tasks of this type of this job on which the worker has failed, this one included. */
  failuresOfWorker: number
  /** Distinct workers that have failed this task, this one included. */
  failedWorkers: number
  /** Workers that could still run this task: not this one, not those that failed it, not the blocked. */
  otherWorkersForTask: number
  /** Workers that could still run tasks of this type of this job, were this worker blocked. */
  otherWorkersForType: number
}

export interface FailureLimits {
  blocklistThreshold: number
  softFailCount: number
}

export interface FailureDecision {
  task: 'soft-failed' | 'failed'
  /** Keep the worker off this type of task of this job, and give its failed tasks to others. */
  blockWorker: boolean
  /** Nobody is left to run this type of task. */
  failJob: boolean
  explanation: string
}

/** Whether a failed task gets another chance, and its worker another task of the sort. */
export function decideFailure(facts: FailureFacts, limits: FailureLimits): FailureDecision {
  const blockWorker =
    limits.blocklistThreshold > 0 && facts.failuresOfWorker >= limits.blocklistThreshold
  if (blockWorker && facts.otherWorkersForType === 0) {
    return {
      task: 'failed',
      blockWorker,
      failJob: true,
      explanation: `the worker failed ${facts.failuresOfWorker} tasks of this type, and no other worker can run them`,
    }
  }
  if (facts.failedWorkers >= limits.softFailCount) {
    return {
      task: 'failed',
      blockWorker,
      failJob: false,
      explanation: `failed by ${facts.failedWorkers} workers, at most ${limits.softFailCount} may try`,
    }
  }
  if (facts.otherWorkersForTask === 0) {
    return {
      task: 'failed',
      blockWorker,
      failJob: false,
      explanation: 'no other worker can try it',
    }
  }
  return {
    task: 'soft-failed',
    blockWorker,
    failJob: false,
    explanation: `failed by ${facts.failedWorkers} of ${limits.softFailCount} workers, another one will try`,
  }
}
