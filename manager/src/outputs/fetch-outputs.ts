import { chmodSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobOutputs, ManagerClient } from '@shaman-farm/manager-api'
import { createShamanClient, type WantedFile } from '@shaman-farm/shaman/client'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import { relativeNames } from './relative-names.ts'

export interface FetchOutputs {
  client: ManagerClient
  jobId: string
  /** The folder they are to be in. */
  to: string
  token?: string | undefined
  onProgress?: (doneBytes: number, totalBytes: number) => void
}

export interface FetchedOutputs {
  files: number
  bytes: number
  /** Files that were there already, byte for byte. */
  kept: number
  /** Files that workers told of and that nobody has any more. */
  gone: string[]
}

// Frames that lie on the storage only are put into the store first.
const askMs = 30 * 60_000

/** Brings what a job has made into a folder, verified. Begun again, it goes on where it was. */
export async function fetchOutputs(options: FetchOutputs): Promise<FetchedOutputs> {
  const { client, jobId, to, token, onProgress } = options
  const { files } = await client.farmStoreJobOutputs({
    params: { job_id: jobId },
    timeoutMs: askMs,
  })
  const all = wantedFiles(files, to)
  const total = all.reduce((sum, { digest }) => sum + digest.size, 0)
  let done = 0
  const report = (bytes: number): void => {
    done += bytes
    onProgress?.(done, total)
  }
  const missing: WantedFile[] = []
  for (const file of all) {
    if (await isThere(file)) report(file.digest.size)
    else missing.push(file)
  }
  const shaman = createShamanClient({ url: client.url, ...(token ? { token } : {}) })
  try {
    // What is fetched belongs to the person who asked for it, not to a store.
    const onFile = ({ toFile }: WantedFile): void => chmodSync(toFile, 0o644)
    await shaman.downloadAll(missing, { onBytes: report, onFile })
  } finally {
    await shaman.close()
  }
  const gone = files.filter(({ sha }) => sha === undefined).map(({ path }) => path)
  return { files: missing.length, bytes: sizeOf(missing), kept: all.length - missing.length, gone }
}

function wantedFiles(files: JobOutputs['files'], to: string): WantedFile[] {
  const names = relativeNames(files.map(({ path }) => path))
  return files.flatMap(({ path, sha, size }) =>
    sha === undefined || size === undefined
      ? []
      : [{ digest: { sha, size }, toFile: join(to, names.get(path)!) }],
  )
}

async function isThere({ digest, toFile }: WantedFile): Promise<boolean> {
  const info = await stat(toFile).catch(() => undefined)
  return info?.size === digest.size && (await digestOfFile(toFile)).sha === digest.sha
}

function sizeOf(files: readonly WantedFile[]): number {
  return files.reduce((sum, { digest }) => sum + digest.size, 0)
}
