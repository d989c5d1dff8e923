import { Type } from 'typebox'
import { JobOutputs } from '../schemas/farm.ts'
import { ReusableFrames, ReusableQuestion, Upcoming } from '../schemas/outputs.ts'
import { operation, refusals } from './operation.ts'

const outputs = { tag: 'outputs' } as const

export const outputsOperations = {
  farmStoreJobOutputs: operation({
    ...outputs,
    method: 'POST',
    path: '/farm/jobs/{job_id}/outputs/store',
    summary:
      'Put the files a job has made into the store, as far as they are not in it yet, and tell their digests',
    responses: { 200: JobOutputs, ...refusals(400, 404, 503) },
  }),
  farmJobOutputsTar: operation({
    ...outputs,
    method: 'GET',
    path: '/farm/jobs/{job_id}/outputs.tar',
    summary: 'The files a job has made, as a tar archive',
    query: Type.Object({
      frames: Type.Optional(
        Type.String({
          pattern: '^\\d{1,9}(-\\d{1,9})?(,\\d{1,9}(-\\d{1,9})?)*$',
          maxLength: 8000,
          description: 'only the files of these frames, as in `1,5-9`; without it also the video',
        }),
      ),
    }),
    responses: { 200: 'raw', ...refusals(400, 404) },
  }),
  farmWorkerUpcoming: operation({
    ...outputs,
    auth: 'worker',
    method: 'GET',
    path: '/farm/worker/upcoming',
    summary: 'The checkouts this worker is likely to need next, the nearest first',
    responses: { 200: Upcoming, ...refusals(403) },
  }),
  farmTaskReusable: operation({
    ...outputs,
    auth: 'worker',
    method: 'POST',
    path: '/farm/worker/task/{task_id}/reusable',
    summary:
      'Which frames of a task were rendered before from the same input; their bytes are in the store',
    body: ReusableQuestion,
    responses: { 200: ReusableFrames, ...refusals(400, 403, 404, 409, 503) },
  }),
} as const
