import { type Digest, digestBytes, readDigest, writeDigest } from '../digest.ts'

/** Many digests in little memory. */
export interface DigestList {
  readonly length: number
  /** Sum of their sizes. */
  readonly bytes: number
  push(digest: Digest): void
  at(index: number): Digest
}

/** Creates an empty list of 40 bytes a digest. */
export function createDigestList(): DigestList {
  let buffer = Buffer.allocUnsafe(digestBytes * 1024)
  let length = 0
  let bytes = 0
  return {
    get length() {
      return length
    },
    get bytes() {
      return bytes
    },
    push(digest) {
      if ((length + 1) * digestBytes > buffer.length) {
        buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
      }
      writeDigest(buffer, length * digestBytes, digest)
      length += 1
      bytes += digest.size
    },
    at: (index) => readDigest(buffer, index * digestBytes),
  }
}
