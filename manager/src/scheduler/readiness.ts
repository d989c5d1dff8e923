import type { JobsStore } from '../jobs/jobs-store.ts'
import type { TasksStore } from '../tasks/tasks-store.ts'

/** A job whose tasks may be handed out. */
export interface Candidate {
  id: number
  tagId: number | null
}

/**
 * Knows without asking the database which jobs are in line and which of them have nothing to hand out, so that the
 * cost of one assignment depends neither on how many tasks wait nor on how many jobs have run dry. It may forget (and
 * asks again) but never claims that a job is dry when it isn't: whoever makes a task ready must say so with `woke`.
 */
export interface Readiness {
  /** In the order in which they are to be served. */
  candidates(): readonly Candidate[]
  isDry(job: number, type: string): boolean
  /** Nothing was found there: remembers it if nobody else would find anything either. */
  cameBackEmpty(job: number, type: string): void
  /** The list of jobs, or their order, has changed. */
  jobsChanged(): void
  /** A task of this job may have become ready. */
  woke(job: number): void
  /** What was learnt inside a transaction that did not come to pass is worth nothing. */
  forget(): void
}

export function createReadiness(stores: {
  jobs: Pick<JobsStore, 'schedulable'>
  tasks: Pick<TasksStore, 'hasReady'>
}): Readiness {
  let line: readonly Candidate[] | undefined
  const dry = new Map<number, Set<string>>()
  return {
    candidates() {
      line ??= stores.jobs.schedulable().map((job) => ({ id: job.id, tagId: job.worker_tag_id }))
      return line
    },
    isDry: (job, type) => dry.get(job)?.has(type) ?? false,
    cameBackEmpty(job, type) {
      if (stores.tasks.hasReady(job, type)) return
      const types = dry.get(job) ?? new Set()
      types.add(type)
      dry.set(job, types)
    },
    jobsChanged() {
      line = undefined
    },
    woke(job) {
      dry.delete(job)
    },
    forget() {
      line = undefined
      dry.clear()
    },
  }
}
