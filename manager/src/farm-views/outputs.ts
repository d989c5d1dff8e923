import type { AssignedTask, JobOutputs } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { outputsOf } from '../jobs/job-views.ts'
import type { JobRecord } from '../jobs/jobs-store.ts'
import type { OutputRecord } from '../outputs/outputs-store.ts'
import type { WrittenFile } from '../outputs/take-outputs.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import type { VariableBook } from '../variables-book.ts'

/** The files a job has made: those its workers reported, the latest for each frame, and those they handed over. */
export function jobOutputs(farm: Farm, job: JobRecord, variables: VariableBook): JobOutputs {
  const tasks = farm.tasks.ofJob(job.id)
  const uuidOf = new Map(tasks.map((task) => [task.id, task.uuid]))
  const files = new Map<string, JobOutputs['files'][number]>()
  for (const { frame, path, task_id } of writtenFrames(farm, job)) {
    const task = uuidOf.get(task_id)
    if (task) files.set(path, { frame, path, task_id: task })
  }
  for (const output of farm.outputs.ofJob(job.id)) {
    const task = uuidOf.get(output.task_id)
    if (task) files.set(output.path, handedOver(output, task))
  }
  const video = tasks.flatMap((task) => videosOf(task, variables))[0]
  return {
    ...outputsOf(job),
    ...(video === undefined ? {} : { video }),
    files: [...files.values()].sort((a, b) => (a.frame ?? Infinity) - (b.frame ?? Infinity)),
  }
}

/** What workers wrote to the shared storage, as they reported it: the latest file of each frame, and the videos. */
export function writtenFiles(farm: Farm, job: JobRecord, variables: VariableBook): WrittenFile[] {
  const videos = farm.tasks
    .ofJob(job.id)
    .flatMap((task) => videosOf(task, variables).map((path) => ({ path, task_id: task.id })))
  return [...writtenFrames(farm, job), ...videos]
}

function writtenFrames(farm: Farm, job: JobRecord): (WrittenFile & { frame: number })[] {
  const latest = new Map<number, WrittenFile & { frame: number }>()
  for (const { frame, file, task_id } of farm.attempts.framesOfJob(job.id)) {
    if (file !== null) latest.set(frame, { frame, path: file, task_id })
  }
  return [...latest.values()]
}

function handedOver(output: OutputRecord, taskUuid: string): JobOutputs['files'][number] {
  const { path, sha, size, frame } = output
  return { path, task_id: taskUuid, sha, size, ...(frame === null ? {} : { frame }) }
}

function videosOf({ status, commands }: TaskRecord, variables: VariableBook): string[] {
  if (status !== 'completed' || !commands.includes('"frames-to-video"')) return []
  return (JSON.parse(commands) as AssignedTask['commands'])
    .filter((command) => command.name === 'frames-to-video')
    .map(({ parameters }) =>
      variables.expandForWorker({ outputFile: parameters.outputFile }, variables.managerPlatform),
    )
    .flatMap(({ outputFile }) => (typeof outputFile === 'string' ? [outputFile] : []))
}
