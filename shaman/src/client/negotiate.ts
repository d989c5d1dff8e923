import type { ShamanFileSpec, ShamanFileSpecWithStatus } from '../schemas.ts'
import { digestListType, maxFilesPerRequest, statusBytes } from '../wire.ts'
import { encodeDigests } from './digest-list.ts'
import { ShamanClientError } from './errors.ts'
import type { UploadRun } from './run.ts'
import type { UploadFile } from './upload-file.ts'

/** What the server answers about some files. */
export interface Answers {
  /** Ours to send. */
  unknown: UploadFile[]
  /** Being sent by another client. */
  uploading: UploadFile[]
  stored: UploadFile[]
}

const waitSeconds = 10

/** How to ask. */
export interface Question {
  /** Lets the server answer once others have finished. */
  wait: boolean
  /** Called with the answers as they arrive. */
  onAnswers(answers: Answers): void
}

/**
 * Asks for the requirements, in binary where the server can. What the server is shows in its first answer, so that a submission of
 * nothing new costs no question about that.
 */
export async function negotiate(
  run: UploadRun,
  files: readonly UploadFile[],
  question: Question,
): Promise<void> {
  if (run.isOurs) {
    try {
      return await askBinary(run, files, question)
    } catch (error) {
      const isOlder = error instanceof ShamanClientError && [404, 405].includes(error.status ?? 0)
      if (!isOlder) throw error
      run.isOurs = false
    }
  }
  question.onAnswers(await askJson(run, files))
}

async function askBinary(
  run: UploadRun,
  files: readonly UploadFile[],
  { wait, onAnswers }: Question,
): Promise<void> {
  const most = run.capabilities?.limits.filesPerRequest ?? maxFilesPerRequest
  let answered = 0
  while (answered < files.length) {
    const end = Math.min(files.length, answered + most)
    await run.http.pieces(`/x/requirements${wait ? `?wait=${waitSeconds}` : ''}`, {
      headers: { 'content-type': digestListType, 'x-shaman-client': run.runId },
      body: () => encodeDigests(files.slice(answered, end).map(({ digest }) => digest)),
      signal: run.signal,
      onPiece(statuses) {
        const page = files.slice(answered, Math.min(end, answered + statuses.length))
        answered += page.length
        onAnswers(answersOf(page, statuses))
      },
    })
    if (answered < end) throw incomplete(answered, end)
  }
}

function answersOf(files: readonly UploadFile[], statuses: Uint8Array): Answers {
  const answers: Answers = { unknown: [], uploading: [], stored: [] }
  for (const [i, file] of files.entries()) {
    if (statuses[i] === statusBytes.unknown) answers.unknown.push(file)
    else if (statuses[i] === statusBytes.uploading) answers.uploading.push(file)
    else answers.stored.push(file)
  }
  return answers
}

function incomplete(answered: number, asked: number): ShamanClientError {
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the server told of ${answered} of ${asked} files whether it needs them`,
    { hint: 'Submit again.' },
  )
}

async function askJson(run: UploadRun, files: readonly UploadFile[]): Promise<Answers> {
  const statuses = new Map<string, string>()
  const answer = await run.http.json<{ files: ShamanFileSpecWithStatus[] }>(
    '/checkout/requirements',
    { json: { files: files.map(toSpec) }, signal: run.signal },
  )
  for (const { path, status } of answer.files) statuses.set(path, status)
  const answers: Answers = { unknown: [], uploading: [], stored: [] }
  for (const file of files) {
    // What is stored is not told.
    const status = statuses.get(file.path) ?? 'stored'
    if (status === 'stored') answers.stored.push(file)
    else answers[status === 'uploading' ? 'uploading' : 'unknown'].push(file)
  }
  return answers
}

/** A file as the API names it. */
export function toSpec({ digest, path }: Pick<UploadFile, 'digest' | 'path'>): ShamanFileSpec {
  return { sha: digest.sha, size: digest.size, path }
}
