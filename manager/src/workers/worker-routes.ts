import { needTask } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import { takeOutputs } from '../outputs/take-outputs.ts'
import { FarmError } from '../problems.ts'
import { assignedTask, waitMsOf } from '../scheduler/task-requests.ts'
import type { Services } from '../services.ts'
import { mayKeepRunning, waitForRefusal } from '../tasks/may-i-run.ts'
import { applyUpdate, sequenceOf } from '../tasks/task-updates.ts'
import { heardFrom, signOff, signOn, stateChanged } from './worker-session.ts'
import type { WorkerRecord } from './workers-store.ts'

/** What workers call. */
export function workerHandlers(services: Services): Handlers {
  const { farm, requests, variables, lastRendered } = services
  const takeImage = (
    { uuid: id, name }: WorkerRecord,
    taskUuid: string,
    image: Buffer | undefined,
    frame?: number,
  ) => {
    if (!image || image.length === 0) {
      throw new FarmError('IMAGE_LENGTH_MISSING', 'The image is empty')
    }
    const job = farm.jobs.byId(needTask(farm, taskUuid).job_id)
    lastRendered.add({ job, image, frame, worker: { id, name } })
    return { status: 202, body: undefined } as const
  }
  return {
    signOn: ({ worker, body, address }) =>
      ok({ status_requested: signOn(farm, worker, body, address) }),
    signOff({ worker }) {
      signOff(farm, worker)
      return noContent
    },
    workerState({ worker }) {
      const { status_requested } = farm.transaction(() => heardFrom(farm, worker))
      return status_requested ? ok({ status_requested }) : noContent
    },
    workerStateChanged({ worker, body }) {
      stateChanged(farm, worker, body.status)
      return noContent
    },
    async scheduleTask(call) {
      const { worker } = call
      // A wish for a report is told at once, and only once so: a worker that does not know of it must not spin.
      const waitMs = farm.doctors.isNews(worker.id) ? 0 : waitMsOf(call.headers['x-farm-wait'])
      const reply = await requests.ask(worker.id, waitMs > 0 ? { waitMs, gone: call.gone } : {})
      if (farm.doctors.isWanted(worker.id)) call.reply.header('x-farm-doctor', 'wanted')
      switch (reply.kind) {
        case 'task':
          return ok(assignedTask(farm, reply.task, worker.platform, variables.expandForWorker))
        case 'change-status':
          return { status: 423, body: { status_requested: reply.status } }
        case 'not-awake':
          throw new FarmError('WORKER_NOT_AWAKE', `The worker is ${reply.status}, not awake`)
        case 'nothing':
          return noContent
      }
    },
    async taskUpdate({ worker, params, body, headers }) {
      const seq = sequenceOf(headers['x-farm-update-seq'])
      const refusal = await farm.transactions.soon(() =>
        applyUpdate(farm, worker.id, params.task_id, body, seq),
      )
      if (refusal) throw refusal
      return noContent
    },
    async mayWorkerRun(call) {
      const { worker, params } = call
      const waitMs = waitMsOf(call.headers['x-farm-wait'])
      return ok(
        waitMs > 0
          ? await waitForRefusal(farm, worker, params.task_id, { waitMs, gone: call.gone })
          : await farm.transactions.soon(() => mayKeepRunning(farm, worker.id, params.task_id)),
      )
    },
    taskOutputProduced: ({ worker, params, body }) => takeImage(worker, params.task_id, body),
    async farmTaskOutputs({ worker, params, body }) {
      const files = body.files.map((file) => ({
        ...file,
        path: variables.pathHere(file.path, worker.platform),
      }))
      await takeOutputs(services, worker.id, params.task_id, files)
      return noContent
    },
    farmTaskOutput: ({ worker, params, body, query }) =>
      takeImage(worker, params.task_id, body, query.frame),
  }
}
