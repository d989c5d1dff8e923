import { countStored, type UploadRun } from './run.ts'
import { sendResumable } from './send-file.ts'
import type { UploadFile } from './upload-file.ts'

/** Sends a large file: what changed in it where that is known to be little, else all of it. */
export async function sendLarge(run: UploadRun, file: UploadFile): Promise<void> {
  const { path, digest, source } = file
  const { delta, http, signal, capabilities } = run
  if (!delta || !('file' in source) || !capabilities?.features.includes('splice')) {
    await sendResumable(run, file)
    return
  }
  const { store } = capabilities
  const outcome = await delta.send({ http, store, signal }, { path, digest, file: source.file })
  run.wireBytes += outcome.wireBytes
  if (outcome.kind === 'sent') {
    run.meter.bytes(digest.size)
    countStored(run, digest.size, outcome.wasNew)
    await delta.remember({ file: source.file, digest })
    return
  }
  const started = performance.now()
  const sent = sendResumable(run, file).then((bytes) =>
    delta.sentWhole(store, { bytes, ms: performance.now() - started }),
  )
  // Where the network outruns the delta, a look at the file would be work for nothing.
  const isWorthALook = outcome.reason !== 'quicker whole' && outcome.reason !== 'size'
  await Promise.all([sent, isWorthALook && delta.remember({ file: source.file, digest }, sent)])
}
