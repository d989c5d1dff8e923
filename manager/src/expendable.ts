import type { ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'

const niceness = 5

/** When the machine runs out of memory, the kernel takes this process and not the farm. */
export async function sacrificeFirst({ pid }: ChildProcess): Promise<void> {
  if (process.platform !== 'linux' || pid === undefined) return
  await writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined)
}

/**
 * For `detached` of a process that computes. Linux shares processors out by session: in the manager's own, what such a
 * process takes would make the manager wait (2.5 times as long, beside others that compute).
 */
export const ownSession = process.platform === 'linux'

/** Puts a process in a session of its own behind everything else. Right after its start, so that its threads inherit it. */
export function giveWay({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    setPriority(pid, niceness)
  } catch {
    // A sandbox may forbid it; it is a courtesy only.
  }
  if (ownSession) {
    void writeFile(`/proc/${pid}/autogroup`, String(niceness)).catch(() => undefined)
  }
}
