import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ReusableFrames, ReusableQuestion } from '@shaman-farm/manager-api'
import { isCode, type Shaman, ShamanError } from '@shaman-farm/shaman'
import type { Services } from '../services.ts'
import type { ReusableFrame } from './outputs-store.ts'
import { isOutputPlace } from './roots.ts'
import { needShaman, needTaskAtWork } from './take-outputs.ts'

/**
 * The frames of a task that were rendered before from the same input and whose bytes can be had. Nothing for a job whose
 * submitter did not agree to it.
 */
export async function findReusable(
  services: Services,
  workerId: number,
  taskUuid: string,
  { frames }: ReusableQuestion,
): Promise<ReusableFrames> {
  const { farm } = services
  const shaman = needShaman(services)
  const task = needTaskAtWork(farm, taskUuid, workerId)
  if (!farm.outputs.wantsReuse(task.job_id)) return { frames: [] }
  const found: ReusableFrames['frames'] = []
  for (const { frame, key } of frames) {
    const known = farm.outputs.reusable(key)
    if (!known) continue
    if (!(await isHad(services, shaman, known))) {
      farm.log.info({ key, path: known.path }, 'frame is no longer there to be reused')
      farm.transaction(() => farm.outputs.forgetReusable(key))
      continue
    }
    const { sha, size, path, job_uuid: job } = known
    found.push({ frame, sha, size, name: basename(path), from: { job, task: known.task_uuid } })
  }
  return { frames: found }
}

/** In the store; or still where it was written, unchanged, and so put into the store again. */
async function isHad(
  services: Services,
  shaman: Shaman,
  { sha, size, path }: ReusableFrame,
): Promise<boolean> {
  if (await shaman.blobs.has({ sha, size })) return true
  if (!isOutputPlace(services, path)) return false
  const info = await stat(path).catch(() => undefined)
  if (info?.size !== size) return false
  try {
    await shaman.blobs.put({ sha, size }, createReadStream(path, { highWaterMark: 1 << 20 }))
    return true
  } catch (error) {
    const isChanged = error instanceof ShamanError && error.code.startsWith('BLOB_')
    if (isChanged || isCode(error, 'ENOENT')) return false
    throw error
  }
}
