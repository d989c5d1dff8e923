import type { DeltaSender } from '../delta/sender.ts'
import type { Capabilities } from '../schemas.ts'
import type { Http } from './http.ts'
import type { ProgressMeter } from './progress.ts'

/** One upload under way. */
export interface UploadRun {
  http: Http
  meter: ProgressMeter
  signal: AbortSignal | undefined
  parallel: number
  /** How often a large upload is continued after an interruption. */
  retries: number
  /** False once the server turned out to be a Flamenco manager, which knows only its four operations. */
  isOurs: boolean
  /** Known once something has to be sent, and only of a server of ours. */
  capabilities: Capabilities | undefined
  askCapabilities(): Promise<Capabilities | undefined>
  /** Names this run to the server, which keeps other runs from sending the same at the same time. */
  runId: string
  /** Names this client's unfinished uploads; the same after a restart. */
  clientId: string
  /** Sends what changed inside large files; undefined sends them whole. */
  delta: DeltaSender | undefined
  /** How long a Flamenco manager asks to wait with what was deferred since the last pause. */
  deferredMs: number
  wireBytes: number
  uploadedFiles: number
  uploadedBytes: number
  /** Called once all bytes are handed over and only answers are missing, when nobody else sends a part of them. */
  onAllSent(): void
}

/** Counts a blob that the server took. */
export function countStored(run: UploadRun, size: number, wasNew: boolean): void {
  if (wasNew) {
    run.uploadedFiles += 1
    run.uploadedBytes += size
  }
  run.meter.files(1)
}
