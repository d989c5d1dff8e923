import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Farm } from '../farm.ts'
import type { AuthoredTask } from '../job-types/main.ts'

/** Stores the tasks of a job as they come, in small transactions; they need not come after what they depend on. */
export interface TaskWriter {
  add(tasks: readonly AuthoredTask[]): void
  /** Stores the rest; answers how many there are, and their steps. */
  finish(): Promise<{ tasks: number; steps: number }>
}

// What one turn of the loop stores, in some 5 ms: a job of 100,000 must not hold up the workers' requests.
const tasksAtOnce = 300

export function createTaskWriter(
  farm: Farm,
  { job, status, now }: { job: number; status: 'queued' | 'paused'; now: number },
): TaskWriter {
  const ids = new Map<string, number>()
  let waiting: AuthoredTask[] = []
  let early: { task: number; dependency: string }[] = []
  let index = 0
  let steps = 0

  const write = (task: AuthoredTask): void => {
    const dependencies = new Set(task.dependencies)
    const ownSteps = stepsOf(task)
    index += 1
    steps += ownSteps
    const id = farm.tasks.insert({
      uuid: task.uuid,
      job_id: job,
      index_in_job: index,
      name: task.name,
      type: task.type.toLowerCase(),
      priority: task.priority,
      status,
      commands: JSON.stringify(task.commands),
      steps_total: ownSteps,
      frames: task.frames ?? '',
      waits_for: dependencies.size,
      now,
    })
    ids.set(task.uuid, id)
    for (const dependency of dependencies) {
      const known = ids.get(dependency)
      if (known === undefined) early.push({ task: id, dependency })
      else farm.tasks.insertDependency(id, known)
    }
  }
  const flush = (): void => {
    const tasks = waiting
    waiting = []
    if (tasks.length > 0) farm.transaction(() => tasks.forEach(write))
  }

  return {
    add(tasks) {
      waiting.push(...tasks)
      if (waiting.length >= tasksAtOnce) flush()
    },
    async finish() {
      flush()
      const left = early
      early = []
      for (let at = 0; at < left.length; at += tasksAtOnce) {
        await nextTurn()
        farm.transaction(() => {
          for (const { task, dependency } of left.slice(at, at + tasksAtOnce)) {
            farm.tasks.insertDependency(task, ids.get(dependency)!)
          }
        })
      }
      return { tasks: index, steps }
    },
  }
}

/** A command that counts nothing is one step. */
function stepsOf({ commands }: AuthoredTask): number {
  return commands.reduce((sum, command) => sum + Math.max(1, command.total_step_count), 0)
}
