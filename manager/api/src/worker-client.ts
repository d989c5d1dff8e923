import type { ClientFor } from './client.ts'
import type { OperationId, Operations } from './operations/main.ts'
import { clientOf, type ManagerClientOptions } from './requests.ts'

export { ManagerError } from './errors.ts'

type Facts = { [Id in OperationId]?: Pick<Operations[Id], 'method' | 'path'> }

/**
 * What a worker asks. Said twice, and compared by the compiler: the operations themselves bring their schemas and those a
 * library, which take 8 MiB that belong to Blender.
 */
const workerRoutes = {
  farmReportDoctor: { method: 'POST', path: '/farm/worker/doctor' },
  farmStoreJobOutputs: { method: 'POST', path: '/farm/jobs/{job_id}/outputs/store' },
  farmTaskOutput: { method: 'POST', path: '/farm/worker/task/{task_id}/output' },
  farmTaskOutputs: { method: 'POST', path: '/farm/worker/task/{task_id}/outputs' },
  farmTaskReusable: { method: 'POST', path: '/farm/worker/task/{task_id}/reusable' },
  farmWorkerUpcoming: { method: 'GET', path: '/farm/worker/upcoming' },
  getSharedStorage: {
    method: 'GET',
    path: '/configuration/shared-storage/{audience}/{platform}',
  },
  getVariables: { method: 'GET', path: '/configuration/variables/{audience}/{platform}' },
  mayWorkerRun: { method: 'GET', path: '/worker/task/{task_id}/may-i-run' },
  registerWorker: { method: 'POST', path: '/worker/register-worker' },
  scheduleTask: { method: 'POST', path: '/worker/task' },
  signOff: { method: 'POST', path: '/worker/sign-off' },
  signOn: { method: 'POST', path: '/worker/sign-on' },
  taskOutputProduced: { method: 'POST', path: '/worker/task/{task_id}/output-produced' },
  taskUpdate: { method: 'POST', path: '/worker/task/{task_id}' },
  workerState: { method: 'GET', path: '/worker/state' },
  workerStateChanged: { method: 'POST', path: '/worker/state-changed' },
} as const satisfies Facts

export type WorkerClient = ClientFor<keyof typeof workerRoutes>

/** As `createManagerClient`, for what a worker asks. */
export function createWorkerClient(options: ManagerClientOptions): WorkerClient {
  return clientOf(workerRoutes, options)
}
