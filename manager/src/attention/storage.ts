import { statfs } from 'node:fs/promises'
import type { Shaman } from '@shaman-farm/shaman'
import { formatBytes } from '@shaman-farm/terminal/format'
import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { counted, minutes, type Trouble } from './trouble.ts'

const lowStorageShare = 0.05
const lowStorageBytes = 20e9

export async function lowStorage(farm: Farm): Promise<Trouble[]> {
  const { storage } = farm.config.current
  const facts = await statfs(storage).catch(() => undefined)
  if (!facts) return []
  const free = facts.bavail * facts.bsize
  const isLow = free < lowStorageBytes && facts.bavail < facts.blocks * lowStorageShare
  if (!isLow) return []
  return [
    {
      key: `storage-low ${Math.floor(free / 5e9)}`,
      kind: 'storage-low',
      severity: 'error',
      title: 'The storage is nearly full',
      detail: `${formatBytes(free)} are free on ${storage}.`,
      hint: 'Delete old jobs, or collect unused blobs on the storage page.',
      count: 1,
      since: dateTime(farm.now()),
      jobs: [],
      tasks: [],
      workers: [],
    },
  ]
}

/** Uploads that were begun and that nobody goes on with, one item for each client. */
export async function stalledUploads(farm: Farm, { partials }: Shaman): Promise<Trouble[]> {
  const { stuckAfterMs } = farm.config.current
  if (stuckAfterMs <= 0) return []
  const unfinished = await partials.unfinished()
  const stalled = unfinished.filter(({ movedAt }) => movedAt <= farm.now() - stuckAfterMs)
  return [...Map.groupBy(stalled, ({ client }) => client)].map(([client, uploads]) => {
    const movedAt = Math.max(...uploads.map((upload) => upload.movedAt))
    const arrived = uploads.reduce((sum, { offset }) => sum + offset, 0)
    const wanted = uploads.reduce((sum, { digest }) => sum + digest.size, 0)
    return {
      key: `upload-stalled ${client} ${movedAt}`,
      kind: 'upload-stalled',
      severity: 'warning',
      title: `An upload has stood still for ${minutes(farm.now() - movedAt)}`,
      detail: `${formatBytes(arrived)} of ${formatBytes(wanted)} in ${counted(uploads.length, 'file', 'files')} arrived from client ${client}.`,
      hint: 'Submit again from that machine: it goes on where it stopped. What nobody continues is removed after a week.',
      count: uploads.length,
      since: dateTime(movedAt),
      jobs: [],
      tasks: [],
      workers: [],
    }
  })
}
