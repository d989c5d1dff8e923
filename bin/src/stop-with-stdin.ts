import { once } from 'node:events'

/** The child's side of `startFarmProcess`: leaves when the parent is gone. */
export function stopWithStdin(): void {
  process.stdin.resume()
  void once(process.stdin, 'close').then(() => process.kill(process.pid, 'SIGTERM'))
  process.stdin.unref?.()
}
