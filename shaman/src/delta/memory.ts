/**
 * Gives memory back at once, when nobody looks at it any more; of bytes in memory that others may share nothing happens.
 * Large pieces make V8 collect for the sake of few objects: that took a quarter of a splice.
 */
export function free({ buffer }: Uint8Array): void {
  if (isOwn(buffer)) buffer.transfer(0)
}

/** For a message: memory that is moved with bytes, not copied. */
export function ownMemory({ buffer }: Uint8Array): ArrayBuffer[] {
  return isOwn(buffer) ? [buffer] : []
}

/** Small buffers lie in a pool. */
function isOwn(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize
}
