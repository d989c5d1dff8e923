import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createHasher, type Digest, sameDigest } from '../digest.ts'
import { ShamanClientError } from './errors.ts'
import type { Http } from './http.ts'

/** Fetches a blob into a file; the file appears only once size and SHA-256 are right. */
export async function downloadBlob(
  http: Http,
  digest: Digest,
  toFile: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<void> {
  const { signal, onBytes } = options
  await mkdir(dirname(toFile), { recursive: true })
  const temp = `${toFile}.${randomBytes(6).toString('hex')}.part`
  const file = await open(temp, 'wx')
  try {
    const hasher = createHasher()
    const response = await http.stream(`/x/blobs/${digest.sha}/${digest.size}`, { signal })
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      hasher.update(chunk)
      await file.writeFile(chunk)
      onBytes?.(chunk.length)
    }
    await file.close()
    const got = hasher.digest()
    if (!sameDigest(got, digest)) throw damaged(digest, got)
    await rename(temp, toFile)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(temp, { force: true })
    throw error
  }
}

function damaged(expected: Digest, got: Digest): ShamanClientError {
  return new ShamanClientError('BLOB_DAMAGED', 'a file arrived damaged from the store', {
    detail: { expected, got },
    hint: 'Fetch it again; if it stays so, scrub the store.',
  })
}
