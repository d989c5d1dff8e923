import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createDownloads, type WantedFile } from '@shaman-farm/shaman/client/downloads'
import { digestKey } from '@shaman-farm/shaman/digest'
import { createHelper } from '../process/helper.ts'

export interface FetchQuestion {
  url: string
  authorization: string | undefined
  wanted: readonly WantedFile[]
}

export interface FetchNote {
  keys: string[]
  bytes: number
}

export interface FetchOptions {
  signal: AbortSignal
  authorization?: string | undefined
  onBytes?: ((bytes: number) => void) | undefined
  /** Called with each file that is there, verified. */
  onFile: (key: string) => void
}

/** Brings blobs from the store to files here. */
export type Fetch = (wanted: readonly WantedFile[], options: FetchOptions) => Promise<void>

// Below this the worker's own process is done sooner than another one has started.
const littleBytes = 16 << 20
const littleFiles = 200

// The pieces of a gigabyte, collected less often: a fifth less processor time. The process ends when it is idle.
const youngMib = 16

/**
 * Much is fetched by processes beside the worker: creating files may block for as long as others sync the disk, and
 * receiving, hashing and writing a gigabyte takes more than one processor has to give.
 */
export function createFetch(url: string): Fetch {
  const file = fileURLToPath(new URL('./fetcher-process.ts', import.meta.url))
  const helpers = Array.from({ length: Math.min(4, availableParallelism()) }, () =>
    createHelper(file, { youngMib }),
  )
  return async (wanted, options) => {
    const bytes = wanted.reduce((sum, { digest }) => sum + digest.size, 0)
    if (bytes < littleBytes && wanted.length < littleFiles) return fetchHere(url, wanted, options)
    const onNote = ({ keys, bytes: more }: FetchNote): void => {
      options.onBytes?.(more)
      for (const key of keys) options.onFile(key)
    }
    const fetched = await Promise.allSettled(
      sharesOf(wanted, helpers.length).map((share, i) =>
        helpers[i]!.ask(
          { url, authorization: options.authorization, wanted: share } satisfies FetchQuestion,
          { signal: options.signal, onNote },
        ),
      ),
    )
    const failed = fetched.find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
  }
}

async function fetchHere(
  url: string,
  wanted: readonly WantedFile[],
  { signal, authorization, onBytes, onFile }: FetchOptions,
): Promise<void> {
  const downloads = createDownloads({ url, authorization, parallel: 2 })
  try {
    await downloads.all(wanted, {
      signal,
      onBytes,
      onFile: ({ digest }) => onFile(digestKey(digest)),
    })
  } finally {
    downloads.close()
  }
}

/** Shares of about as many bytes, the largest files first. */
function sharesOf(wanted: readonly WantedFile[], count: number): WantedFile[][] {
  const shares = Array.from({ length: count }, () => ({ files: [] as WantedFile[], bytes: 0 }))
  for (const file of wanted.toSorted((a, b) => b.digest.size - a.digest.size)) {
    const least = shares.reduce((a, b) => (b.bytes < a.bytes ? b : a))
    least.files.push(file)
    least.bytes += file.digest.size + 1
  }
  return shares.map(({ files }) => files).filter((files) => files.length > 0)
}
