import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createHasher, type Digest, type Hasher, sameDigest } from '../digest.ts'
import { ShamanClientError } from './errors.ts'
import type { Receiver } from './receive.ts'
import { pauseBeforeRetry } from './retries.ts'

/** How to follow and stop a download. */
export interface DownloadOptions {
  signal?: AbortSignal | undefined
  onBytes?: ((bytes: number) => void) | undefined
}

const maxTriesWithoutProgress = 6

/**
 * Fetches a blob into a file. What an earlier try got is kept beside it as `.part` and continued, also by a later
 * process; the file appears, read-only, once size and SHA-256 are right. One download of a file at a time.
 */
export async function downloadBlob(
  receiver: Receiver,
  digest: Digest,
  toFile: string,
  options: DownloadOptions = {},
): Promise<void> {
  const partial = `${toFile}.part`
  await mkdir(dirname(toFile), { recursive: true })
  const hasher = createHasher()
  const had = await resume(partial, digest, hasher)
  const fd = openSync(partial, had === 0 ? 'w' : 'r+')
  try {
    await appendAll(receiver, { digest, fd, had, hasher, ...options })
  } finally {
    closeSync(fd)
  }
  const got = hasher.digest()
  if (!sameDigest(got, digest)) {
    await rm(partial, { force: true })
    throw damaged(digest, got)
  }
  await rename(partial, toFile)
  // Last, so that a part left by a crash can always be continued.
  await chmod(toFile, 0o444)
}

/** Hashes what is there already; more than the whole blob begins anew. */
async function resume(partial: string, digest: Digest, hasher: Hasher): Promise<number> {
  const size = (await stat(partial).catch(() => undefined))?.size ?? 0
  if (size > digest.size || size === 0) return 0
  for await (const chunk of createReadStream(partial, { highWaterMark: 1 << 20 })) {
    hasher.update(chunk as Buffer)
  }
  return size
}

interface Appending extends DownloadOptions {
  digest: Digest
  fd: number
  had: number
  hasher: Hasher
}

/** Goes on after lost connections for as long as each brings something. */
async function appendAll(receiver: Receiver, given: Appending): Promise<void> {
  const { digest, signal, onBytes } = given
  let at = given.had
  let tries = 0
  while (at < digest.size) {
    const before = at
    try {
      await receiver.receive(`/x/blobs/${digest.sha}/${digest.size}`, {
        headers: at > 0 ? { range: `bytes=${at}-` } : {},
        status: at > 0 ? 206 : 200,
        signal,
        consume(bytes) {
          if (at + bytes.length > digest.size) throw tooLong(digest)
          given.hasher.update(bytes)
          writeAt(given.fd, bytes, at)
          at += bytes.length
          onBytes?.(bytes.length)
          return bytes.length
        },
      })
      if (at < digest.size) throw cutOff()
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof ShamanClientError && error.code !== 'DOWNLOAD_INTERRUPTED') throw error
      tries = at > before ? 0 : tries + 1
      if (tries >= maxTriesWithoutProgress) throw interrupted(error)
      await pauseBeforeRetry(tries, signal)
    }
  }
}

function writeAt(fd: number, bytes: Buffer, place: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, place + done)
  }
}

function cutOff(): ShamanClientError {
  return new ShamanClientError('DOWNLOAD_INTERRUPTED', 'the store ended its answer too early')
}

/** The connection failed again and again in the middle of an answer. */
export function interrupted(cause: unknown): ShamanClientError {
  return new ShamanClientError('DOWNLOAD_INTERRUPTED', 'the download broke off again and again', {
    hint: 'Try again: what has arrived is kept.',
    cause,
  })
}

function tooLong(digest: Digest): ShamanClientError {
  return new ShamanClientError('ANSWER_INVALID', 'the store sent more than the file has', {
    detail: { digest },
  })
}

/** A blob that is not what its digest says. */
export function damaged(expected: Digest, got: Digest): ShamanClientError {
  return new ShamanClientError('BLOB_DAMAGED', 'a file arrived damaged from the store', {
    detail: { expected, got },
    hint: 'Fetch it again; if it stays so, scrub the store.',
  })
}
