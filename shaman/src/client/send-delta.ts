import { countStored, type UploadRun } from './run.ts'
import type { UploadFile } from './upload-file.ts'

/** Sends a file as its difference to one the store holds; false when it has to be sent whole. */
export async function sendDelta(
  run: UploadRun,
  { path, digest, source }: UploadFile,
): Promise<boolean> {
  const { delta, http, signal } = run
  if (!delta || !('file' in source) || !run.capabilities?.features.includes('splice')) return false
  const outcome = await delta.send(http, { path, digest, file: source.file }, { signal })
  run.wireBytes += outcome.wireBytes
  if (outcome.kind === 'not-sent') return false
  run.meter.bytes(digest.size)
  countStored(run, digest.size, outcome.wasNew)
  await delta.remember({ file: source.file, digest })
  return true
}

/** Keeps how a file was that the store holds now, for its next edit. */
export async function rememberSent(run: UploadRun, { digest, source }: UploadFile): Promise<void> {
  if (run.delta && 'file' in source) await run.delta.remember({ file: source.file, digest })
}
