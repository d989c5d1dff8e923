import { needTask } from '../http/lookup.ts'
import { type Handlers, handled, noContent, ok } from '../http/route.ts'
import { FarmError } from '../problems.ts'
import type { Services } from '../services.ts'
import { orderTaskStatus } from './task-orders.ts'
import { taskDetail } from './task-views.ts'

const tailBytes = 2048

export function taskHandlers({ farm }: Services): Handlers {
  return {
    fetchTask({ params }) {
      const task = farm.tasks.detail(params.task_id)
      if (!task) throw new FarmError('TASK_UNKNOWN', `There is no task ${params.task_id}`)
      const job = farm.jobs.byId(task.job_id)
      return ok(taskDetail(task, job.uuid, farm.tasks.failedBy(task.id)))
    },
    async fetchTaskLogTail({ params, reply }) {
      const task = needTask(farm, params.task_id)
      if (task.log_size === 0) return noContent
      const job = farm.jobs.byId(task.job_id)
      const start = Math.max(0, task.log_size - tailBytes)
      const bytes = await farm.logs.read(job.uuid, task.uuid, start, task.log_size - start)
      const firstLine = start === 0 ? 0 : bytes.indexOf(0x0a) + 1
      reply.type('text/plain; charset=utf-8').send(bytes.subarray(firstLine))
      return handled
    },
    fetchTaskLogInfo({ params }) {
      const task = needTask(farm, params.task_id)
      if (task.log_size === 0) return noContent
      const job = farm.jobs.byId(task.job_id)
      return ok({
        task_id: task.uuid,
        job_id: job.uuid,
        url: farm.logs.taskUrl(job.uuid, task.uuid),
        size: task.log_size,
      })
    },
    setTaskStatus({ params, body }) {
      orderTaskStatus(farm, needTask(farm, params.task_id), body.status, body.reason)
      return noContent
    },
  }
}
