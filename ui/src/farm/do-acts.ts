import type { JobAction } from '@shaman-farm/manager-api/status'
import { type ActResult, actOnEach, jobActLooks, tellResults } from './acts.ts'
import { reportOf } from './report.ts'
import { toast } from './toasts.ts'

interface Named {
  id: string
  name: string
}

/** Does an act to jobs and says what came of it, with a way back where there is one. */
export async function actOnJobs(act: JobAction, jobs: readonly Named[]): Promise<void> {
  const look = jobActLooks[act]
  const names = new Map(jobs.map((job) => [job.id, job.name]))
  const nameOf = (key: string): string => names.get(key) ?? key
  const results = await actOnEach([...names.keys()], look.run)
  const done = results.filter((result) => !result.error).map((result) => result.key)
  const { undo } = look
  const takeBack = async (): Promise<void> => {
    if (undo) tellOutcome('Took it back for', 'job', await actOnEach(done, undo), nameOf)
  }
  tellOutcome(
    look.past,
    'job',
    results,
    nameOf,
    undo && done.length > 0 ? () => void takeBack() : undefined,
  )
}

/** One toast for many results: an error's report where something failed, Undo where offered. */
export function tellOutcome(
  past: string,
  noun: string,
  results: readonly ActResult[],
  nameOf: (key: string) => string,
  undo?: () => void,
): void {
  if (results.length === 0) return
  const errors = results.flatMap((result) => result.error ?? [])
  toast(tellResults(past, noun, results, nameOf), {
    ...(errors.length > 0 ? { report: errors.map(reportOf).join('\n\n') } : {}),
    ...(undo ? { undo } : {}),
  })
}
