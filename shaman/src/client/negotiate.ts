import type { ShamanFileSpec, ShamanFileSpecWithStatus } from '../schemas.ts'
import { digestListType, maxFilesPerRequest, statusBytes } from '../wire.ts'
import { encodeDigests } from './digest-list.ts'
import { ShamanClientError } from './errors.ts'
import type { UploadRun } from './run.ts'
import type { UploadFile } from './upload-file.ts'

/** What the server still lacks of some files. */
export interface Missing {
  /** Ours to send. */
  unknown: UploadFile[]
  /** Being sent by another client. */
  uploading: UploadFile[]
}

const waitSeconds = 10

/**
 * Asks for the requirements, in binary where the server can. `wait` lets it answer once others have finished. What the
 * server is shows in its first answer, so that a submission of nothing new costs no question about that.
 */
export async function negotiate(
  run: UploadRun,
  files: readonly UploadFile[],
  options: { wait: boolean },
): Promise<Missing> {
  if (!run.isOurs) return askJson(run, files)
  try {
    return await askBinary(run, files, options)
  } catch (error) {
    const isOlder = error instanceof ShamanClientError && [404, 405].includes(error.status ?? 0)
    if (!isOlder) throw error
    run.isOurs = false
    return askJson(run, files)
  }
}

async function askBinary(
  run: UploadRun,
  files: readonly UploadFile[],
  { wait }: { wait: boolean },
): Promise<Missing> {
  const missing: Missing = { unknown: [], uploading: [] }
  const most = run.capabilities?.limits.filesPerRequest ?? maxFilesPerRequest
  for (let at = 0; at < files.length; at += most) {
    const page = files.slice(at, at + most)
    const body = encodeDigests(page.map(({ digest }) => digest))
    const statuses = await run.http.bytes(`/x/requirements${wait ? `?wait=${waitSeconds}` : ''}`, {
      headers: { 'content-type': digestListType, 'x-shaman-client': run.runId },
      body: () => body,
      signal: run.signal,
    })
    for (const [i, file] of page.entries()) {
      if (statuses[i] === statusBytes.unknown) missing.unknown.push(file)
      if (statuses[i] === statusBytes.uploading) missing.uploading.push(file)
    }
  }
  return missing
}

async function askJson(run: UploadRun, files: readonly UploadFile[]): Promise<Missing> {
  const missing: Missing = { unknown: [], uploading: [] }
  const byPath = new Map(files.map((file) => [file.path, file]))
  const answer = await run.http.json<{ files: ShamanFileSpecWithStatus[] }>(
    '/checkout/requirements',
    { json: { files: files.map(toSpec) }, signal: run.signal },
  )
  for (const { path, status } of answer.files) {
    const file = byPath.get(path)
    if (file) missing[status === 'uploading' ? 'uploading' : 'unknown'].push(file)
  }
  return missing
}

/** A file as the API names it. */
export function toSpec({ digest, path }: Pick<UploadFile, 'digest' | 'path'>): ShamanFileSpec {
  return { sha: digest.sha, size: digest.size, path }
}
