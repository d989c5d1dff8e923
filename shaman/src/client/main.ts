import { hash, randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { Logger } from 'pino'
import type { DeltaSender } from '../delta/sender.ts'
import { type Digest, digestKey } from '../digest.ts'
import type { CheckoutManifest, ShamanCheckoutResult } from '../schemas.ts'
import { createCapabilityProbe } from './capabilities.ts'
import type { DownloadOptions } from './download.ts'
import type { DownloadAllOptions, WantedFile } from './download-all.ts'
import { createDownloads } from './downloads.ts'
import { ShamanClientError } from './errors.ts'
import { createHttp } from './http.ts'
import { toSpec } from './negotiate.ts'
import { createMeter, type OnProgress } from './progress.ts'
import type { UploadRun } from './run.ts'
import { bytesOf, type UploadFile, type UploadReceipt } from './upload-file.ts'
import { uploadMissing } from './uploader.ts'

export { createDeltaSender, type DeltaSender } from '../delta/sender.ts'
export { createFileReader, type FileReader } from '../file-reader.ts'
export type { DownloadAllOptions, WantedFile } from './download-all.ts'
export { ShamanClientError } from './errors.ts'
export type { OnProgress, UploadProgress } from './progress.ts'
export type { UploadFile, UploadReceipt } from './upload-file.ts'

/** How to reach a store. */
export interface ShamanClientOptions {
  /** `http://host:port` of the manager. */
  url: string
  token?: string
  /** The whole header, for those who have no token. */
  authorization?: string | undefined
  log?: Logger
  /** Most requests at a time. Default 8. */
  parallel?: number
  retries?: number
  /** Names this client's unfinished uploads, so that a later process continues them. Default: made of machine and user. */
  clientId?: string
  /** Sends edited files as what changed in them. It is not closed with the client. */
  delta?: DeltaSender
  now?: () => number
}

/** Files to upload, and how to follow and stop it. */
export interface UploadRequest {
  files: readonly UploadFile[]
  signal?: AbortSignal
  onProgress?: OnProgress
}

/** A store at the other end of HTTP: ours, or a Flamenco manager's. */
export interface ShamanClient {
  /** Sends what the store does not hold. */
  upload(request: UploadRequest): Promise<UploadReceipt>
  /** Makes a checkout; the path answered may differ from the one asked for. */
  checkout(request: {
    files: readonly Pick<UploadFile, 'path' | 'digest'>[]
    path: string
    signal?: AbortSignal
  }): Promise<{ checkoutPath: string }>
  /** Uploads, then makes the checkout; begins anew when the store lost a file in between. */
  submit(
    request: UploadRequest & { checkoutPath: string },
  ): Promise<{ checkoutPath: string; receipt: UploadReceipt }>
  /** The files of a checkout. */
  manifest(checkoutPath: string, options?: { signal?: AbortSignal }): Promise<CheckoutManifest>
  /** Fetches a blob, verified; what an earlier try got is continued. */
  download(digest: Digest, toFile: string, options?: DownloadOptions): Promise<void>
  /** Fetches many blobs, each verified before it is there: small ones together, large ones by themselves. */
  downloadAll(wanted: readonly WantedFile[], options?: DownloadAllOptions): Promise<void>
  close(): Promise<void>
}

const maxSubmitRounds = 3
const defaultRetries = 8

/** Creates a client; it keeps connections until closed. */
export function createShamanClient(options: ShamanClientOptions): ShamanClient {
  const { now = Date.now, parallel = 8 } = options
  const http = createHttp({ ...options, connections: parallel })
  const downloads = createDownloads({ ...options, parallel })
  const capabilitiesOf = createCapabilityProbe(http, now)
  const clientId = options.clientId ?? defaultClientId()

  const client: ShamanClient = {
    upload: (request) => upload(request),
    checkout: (request) => checkout(request),
    async submit({ checkoutPath, ...request }) {
      const { files, signal, onProgress } = request
      for (let round = 1; ; round += 1) {
        // Asked for while the last answers are awaited: the store makes the links meanwhile.
        const early = new AbortController()
        let making: Promise<{ checkoutPath: string }> | undefined
        const make = (sender?: string): Promise<{ checkoutPath: string }> =>
          checkout({ files, path: checkoutPath, signal: anyOf(early.signal, signal), sender })
        const receipt = await upload(request, (sender) => {
          making = make(sender)
          making.catch(() => undefined)
        }).catch((error: unknown) => {
          early.abort()
          throw error
        })
        createMeter(onProgress, now).begin('checkout', files.length, 0)
        try {
          const made = await (making ?? make())
          return { checkoutPath: made.checkoutPath, receipt }
        } catch (error) {
          const isIncomplete = error instanceof ShamanClientError && error.status === 424
          if (!isIncomplete || round >= maxSubmitRounds) throw error
        }
      }
    },
    manifest: downloads.manifest,
    download: downloads.one,
    downloadAll: downloads.all,
    async close() {
      downloads.close()
      await http.close()
    },
  }
  return client

  async function upload(
    { files, signal, onProgress }: UploadRequest,
    onAllSent?: (sender: string) => void,
  ): Promise<UploadReceipt> {
    const started = now()
    const requestsBefore = http.requests()
    const runId = randomUUID()
    let checkouts = 0
    const run: UploadRun = {
      http,
      meter: createMeter(onProgress, now),
      signal,
      parallel,
      retries: options.retries ?? defaultRetries,
      isOurs: true,
      capabilities: undefined,
      askCapabilities: () => capabilitiesOf(signal),
      runId,
      clientId,
      delta: options.delta,
      deferredMs: 0,
      wireBytes: 0,
      uploadedFiles: 0,
      uploadedBytes: 0,
      onAllSent() {
        if (!onAllSent) return
        checkouts += 1
        onAllSent(runId)
      },
    }
    const distinct = distinctContents(files)
    await uploadMissing(run, distinct)
    return {
      ...summary(files, distinct, run),
      requests: http.requests() - requestsBefore - checkouts,
      durationMs: now() - started,
    }
  }

  function checkout({
    files,
    path,
    signal,
    sender,
  }: CheckoutOptions): Promise<ShamanCheckoutResult> {
    return http.json<ShamanCheckoutResult>('/checkout/create', {
      json: { files: files.map((file) => toSpec(file)), checkoutPath: path },
      headers: {
        // Sent again after a lost answer, it must not make a second checkout.
        'idempotency-key': randomUUID(),
        ...(sender !== undefined && { 'x-shaman-client': sender }),
      },
      signal,
    })
  }
}

interface CheckoutOptions {
  files: readonly Pick<UploadFile, 'path' | 'digest'>[]
  path: string
  signal?: AbortSignal | undefined
  /** The run that may still be sending some of it. */
  sender?: string | undefined
}

function anyOf(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined))
}

function defaultClientId(): string {
  return hash('sha256', `${hostname()}\0${userInfo().username}`, 'hex').slice(0, 24)
}

function distinctContents(files: readonly UploadFile[]): UploadFile[] {
  return [...new Map(files.map((file) => [digestKey(file.digest), file])).values()]
}

function summary(
  files: readonly UploadFile[],
  distinct: readonly UploadFile[],
  run: UploadRun,
): Omit<UploadReceipt, 'requests' | 'durationMs'> {
  return {
    files: files.length,
    bytes: bytesOf(files),
    uploadedFiles: run.uploadedFiles,
    uploadedBytes: run.uploadedBytes,
    wireBytes: run.wireBytes,
    storedFiles: distinct.length - run.uploadedFiles,
    storedBytes: bytesOf(distinct) - run.uploadedBytes,
  }
}
