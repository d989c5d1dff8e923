import { type Digest, digestBytes, writeDigest } from '../digest.ts'

/** Digests as the binary list that the store's extensions take. */
export function encodeDigests(digests: readonly Digest[]): Buffer {
  const body = Buffer.allocUnsafe(digests.length * digestBytes)
  for (const [i, digest] of digests.entries()) writeDigest(body, i * digestBytes, digest)
  return body
}
