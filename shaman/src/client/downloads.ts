import type { Digest } from '../digest.ts'
import type { CheckoutManifest } from '../schemas.ts'
import type { Address } from './address.ts'
import { type DownloadOptions, downloadBlob } from './download.ts'
import { type DownloadAllOptions, downloadAll, type WantedFile } from './download-all.ts'
import { createReceiver, type Receiver } from './receive.ts'
import type { RetryOptions } from './retries.ts'
import { smallFileBytes } from './send-batch.ts'

export type { DownloadAllOptions, WantedFile } from './download-all.ts'

/** The half of a client that fetches; it loads little, as a process that does nothing else needs. */
export interface Downloads {
  /** Fetches a blob, verified; what an earlier try got is continued. */
  one(digest: Digest, toFile: string, options?: DownloadOptions): Promise<void>
  /** Fetches many blobs, each verified before it is there: small ones together, large ones by themselves. */
  all(wanted: readonly WantedFile[], options?: DownloadAllOptions): Promise<void>
  /** The files of a checkout. */
  manifest(checkoutPath: string, options?: { signal?: AbortSignal }): Promise<CheckoutManifest>
  close(): void
}

/** From where, and how. */
export interface DownloadsOptions extends Address, RetryOptions {
  /** Most requests at a time. Default 8. */
  parallel?: number
}

// An entry of a tar stream has to fit in with its header.
const roomBytes = 2 * smallFileBytes

/** Creates the half of a client that fetches; it keeps connections until closed. */
export function createDownloads(options: DownloadsOptions): Downloads {
  const { parallel = 8 } = options
  const receiver = createReceiver({ ...options, roomBytes })
  return {
    one: (digest, toFile, given) => downloadBlob(receiver, digest, toFile, given),
    all: (wanted, given) => downloadAll(receiver, wanted, { parallel, ...given }),
    async manifest(checkoutPath, given) {
      const path = `/x/checkouts/${encodeURIComponent(checkoutPath)}/manifest`
      return JSON.parse(await receiveText(receiver, path, given)) as CheckoutManifest
    },
    close: () => receiver.close(),
  }
}

async function receiveText(
  receiver: Receiver,
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<string> {
  const pieces: Buffer[] = []
  await receiver.receive(path, {
    headers: { accept: 'application/json' },
    ...options,
    consume(bytes) {
      pieces.push(Buffer.from(bytes))
      return bytes.length
    },
  })
  return Buffer.concat(pieces).toString('utf8')
}
