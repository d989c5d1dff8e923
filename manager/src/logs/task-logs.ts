import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface TaskLogs {
  /** The folder of a job's logs and images, below the manager's own storage. */
  jobDir(jobUuid: string): string
  /** Host-relative folder of the same, as served to browsers. */
  jobUrl(jobUuid: string): string
  taskPath(jobUuid: string, taskUuid: string): string
  taskUrl(jobUuid: string, taskUuid: string): string
  /**
   * Writes at an offset rather than at the end: what a crash left behind the acknowledged size is overwritten by its
   * repetition instead of standing there twice. Returns the new size.
   */
  writeAt(jobUuid: string, taskUuid: string, offset: number, text: string): number
  read(jobUuid: string, taskUuid: string, offset: number, length: number): Promise<Buffer>
  /** Forgets a job's folder; a missing one is fine. */
  remove(jobUuid: string): void
}

export function createTaskLogs(root: string): TaskLogs {
  const known = new Set<string>()
  const jobDir = (job: string): string => join(root, ...folder(job))
  const taskPath = (job: string, task: string): string => join(jobDir(job), `task-${task}.txt`)
  const jobUrl = (job: string): string => `/job-files/${folder(job).join('/')}`

  const ensureDir = (dir: string): void => {
    if (known.has(dir)) return
    if (known.size > 1000) known.clear()
    mkdirSync(dir, { recursive: true })
    known.add(dir)
  }

  return {
    jobDir,
    jobUrl,
    taskPath,
    taskUrl: (job, task) => `${jobUrl(job)}/task-${task}.txt`,
    writeAt(job, task, offset, text) {
      const path = taskPath(job, task)
      ensureDir(dirname(path))
      const bytes = Buffer.from(text)
      const file = offset === 0 ? openFresh(path) : openForUpdate(path)
      try {
        let done = 0
        while (done < bytes.length) {
          done += writeSync(file, bytes, done, bytes.length - done, offset + done)
        }
      } finally {
        closeSync(file)
      }
      return offset + bytes.length
    },
    async read(job, task, offset, length) {
      if (length <= 0) return Buffer.alloc(0)
      const file = await open(taskPath(job, task), 'r')
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
        return buffer.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    },
    remove(job) {
      known.delete(jobDir(job))
      rmSync(jobDir(job), { recursive: true, force: true })
    },
  }
}

/** Opens for writing at a place without cutting what is there; a file that went missing begins with a hole. */
function openForUpdate(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return openFresh(path)
  }
}

/** The folder is known to have been made, but a person may have removed it since. */
function openFresh(path: string): number {
  try {
    return openSync(path, 'w+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'w+')
  }
}

/** The layout Flamenco uses, so that people find their logs where they look for them. */
function folder(jobUuid: string): [string, string] {
  return [`job-${jobUuid.slice(0, 4)}`, jobUuid]
}

export function fileSize(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}
