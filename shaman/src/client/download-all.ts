import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Digest, digestKey, digestOf, sameDigest } from '../digest.ts'
import { inLanes } from '../lanes.ts'
import { digestListType } from '../wire.ts'
import { encodeDigests } from './digest-list.ts'
import { type DownloadOptions, damaged, downloadBlob, interrupted } from './download.ts'
import { createEntryReader } from './entry-reader.ts'
import { ShamanClientError } from './errors.ts'
import type { Receiver } from './receive.ts'
import { pauseBeforeRetry } from './retries.ts'
import { smallFileBytes } from './send-batch.ts'

/** A blob and the file it is to be. */
export interface WantedFile {
  digest: Digest
  toFile: string
}

/** How to follow and stop a download of many. */
export interface DownloadAllOptions extends DownloadOptions {
  /** Called for each file that is there, verified, in no promised order. */
  onFile?: (file: WantedFile) => void
  parallel?: number
}

const batchBytes = 32 << 20
const batchFiles = 2000
const maxTriesWithoutProgress = 6

/**
 * Fetches many blobs, each verified before it has its name: small ones together as tar streams, large ones by themselves and
 * continued where an earlier try broke off. What has arrived stays when another fails.
 */
export async function downloadAll(
  receiver: Receiver,
  wanted: readonly WantedFile[],
  options: DownloadAllOptions = {},
): Promise<void> {
  const { onFile, parallel = 8 } = options
  const small = wanted.filter(({ digest }) => digest.size <= smallFileBytes)
  const large = wanted.filter(({ digest }) => digest.size > smallFileBytes)
  const actions = [
    // The longest first: one that begins last would be waited for alone.
    ...large
      .sort((a, b) => b.digest.size - a.digest.size)
      .map((file) => async () => {
        await downloadBlob(receiver, file.digest, file.toFile, options)
        onFile?.(file)
      }),
    ...toBatches(small, parallel).map((batch) => () => downloadBatch(receiver, batch, options)),
  ]
  await inLanes(actions, parallel, (action) => action())
}

function toBatches(files: readonly WantedFile[], parallel: number): WantedFile[][] {
  const most = Math.min(batchFiles, Math.max(50, Math.ceil(files.length / parallel)))
  const batches: WantedFile[][] = []
  let batch: WantedFile[] = []
  let bytes = 0
  for (const file of files) {
    if (batch.length >= most || (bytes > 0 && bytes + file.digest.size > batchBytes)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(file)
    bytes += file.digest.size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/** One tar stream, asked for again without what has arrived for as long as each try brings something. */
async function downloadBatch(
  receiver: Receiver,
  batch: readonly WantedFile[],
  options: DownloadAllOptions,
): Promise<void> {
  const missing = new Map(batch.map((file) => [digestKey(file.digest), file]))
  for (let tries = 0; missing.size > 0; ) {
    const before = missing.size
    try {
      await receive(receiver, missing, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof ShamanClientError || isLocal(error)) throw error
      tries = missing.size < before ? 0 : tries + 1
      if (tries >= maxTriesWithoutProgress) throw interrupted(error)
      await pauseBeforeRetry(tries, options.signal)
    }
  }
}

async function receive(
  receiver: Receiver,
  missing: Map<string, WantedFile>,
  { signal, onBytes, onFile }: DownloadAllOptions,
): Promise<void> {
  const reader = createEntryReader(smallFileBytes, ({ name }, bytes) => {
    const key = name.replace('/', '-')
    const file = missing.get(key)
    if (!file) throw unasked(name)
    const got = digestOf(bytes)
    if (!sameDigest(got, file.digest)) throw damaged(file.digest, got)
    writeSmall(file.toFile, bytes)
    missing.delete(key)
    onBytes?.(bytes.length)
    onFile?.(file)
  })
  await receiver.receive('/x/blobs/get', {
    method: 'POST',
    headers: { 'content-type': digestListType },
    body: encodeDigests([...missing.values()].map(({ digest }) => digest)),
    signal,
    consume: reader.consume,
  })
  if (!reader.isOver || missing.size > 0) throw new Error('the tar stream ended too early')
}

// A small file is written in one go: five system calls take a third of the time of five promises.
function writeSmall(toFile: string, bytes: Buffer): void {
  const partial = `${toFile}.part`
  const fd = openForWriting(partial)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  } finally {
    closeSync(fd)
  }
  renameSync(partial, toFile)
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w', 0o444)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') mkdirSync(dirname(path), { recursive: true })
    // Left by a try that was killed between writing and renaming.
    else if (code === 'EACCES' || code === 'EPERM') rmSync(path)
    else throw error
    return openSync(path, 'w', 0o444)
  }
}

/** Of this machine's disk: another try would fail the same way. */
function isLocal(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined && !isOfNetwork(error)
}

function isOfNetwork(error: unknown): boolean {
  return ['read', 'connect', 'getaddrinfo'].includes((error as NodeJS.ErrnoException).syscall ?? '')
}

function unasked(name: string): ShamanClientError {
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the store sent "${name.slice(0, 100)}", which nobody asked for`,
  )
}
