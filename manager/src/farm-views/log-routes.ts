import { needTask } from '../http/lookup.ts'
import { type Handlers, handled, ok } from '../http/route.ts'
import { offsetOfLine } from '../logs/lines.ts'
import { searchLog } from '../logs/search.ts'
import type { Services } from '../services.ts'

const defaultLimit = 256 * 1024

export function logHandlers({ farm }: Services): Handlers {
  return {
    async farmTaskLog({ params, query, gone, reply }) {
      const task = needTask(farm, params.task_id)
      const job = farm.jobs.byId(task.job_id)
      const start = await startOf(query, {
        path: farm.logs.taskPath(job.uuid, task.uuid),
        size: task.log_size,
        gone,
      })
      const length = Math.min(query.tail ?? query.limit ?? defaultLimit, task.log_size - start)
      const bytes = await farm.logs.read(job.uuid, task.uuid, start, length)
      reply
        .header('x-farm-log-offset', start)
        .header('x-farm-log-size', task.log_size)
        .type('text/plain; charset=utf-8')
        .send(bytes)
      return handled
    },
    async farmTaskLogSearch({ params, query, gone }) {
      const task = needTask(farm, params.task_id)
      const job = farm.jobs.byId(task.job_id)
      const found = await searchLog(farm.logs.taskPath(job.uuid, task.uuid), {
        size: task.log_size,
        text: query.q,
        limit: query.limit ?? 100,
        gone,
      })
      return ok(found)
    },
  }
}

async function startOf(
  { tail, line, offset = 0 }: { tail?: number; line?: number; offset?: number },
  log: { path: string; size: number; gone: AbortSignal },
): Promise<number> {
  if (tail) return Math.max(0, log.size - tail)
  if (line) return (await offsetOfLine(log.path, { ...log, line })) ?? log.size
  return Math.min(offset, log.size)
}
