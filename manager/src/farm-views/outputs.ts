import type { AssignedTask, JobOutputs } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { outputsOf } from '../jobs/job-views.ts'
import type { JobRecord } from '../jobs/jobs-store.ts'
import type { VariableBook } from '../variables-book.ts'

/** The files a job has made: those its workers reported, the latest for each frame. */
export function jobOutputs(farm: Farm, job: JobRecord, variables: VariableBook): JobOutputs {
  const tasks = farm.tasks.ofJob(job.id)
  const uuidOf = new Map(tasks.map((task) => [task.id, task.uuid]))
  const latest = new Map<number, { frame: number; path: string; task_id: string }>()
  for (const { frame, file, task_id } of farm.attempts.framesOfJob(job.id)) {
    const task = uuidOf.get(task_id)
    if (file !== null && task) latest.set(frame, { frame, path: file, task_id: task })
  }
  const video = tasks.flatMap((task) =>
    task.status === 'completed' ? videosOf(task.commands, variables) : [],
  )[0]
  return {
    ...outputsOf(job),
    ...(video === undefined ? {} : { video }),
    files: [...latest.values()].sort((a, b) => a.frame - b.frame),
  }
}

function videosOf(commands: string, variables: VariableBook): string[] {
  if (!commands.includes('"frames-to-video"')) return []
  return (JSON.parse(commands) as AssignedTask['commands'])
    .filter((command) => command.name === 'frames-to-video')
    .map(({ parameters }) =>
      variables.expandForWorker({ outputFile: parameters.outputFile }, variables.managerPlatform),
    )
    .flatMap(({ outputFile }) => (typeof outputFile === 'string' ? [outputFile] : []))
}
