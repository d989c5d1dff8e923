import type { ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'

/** When the machine runs out of memory, the kernel takes this process and not the farm. */
export async function sacrificeFirst({ pid }: ChildProcess): Promise<void> {
  if (process.platform !== 'linux' || pid === undefined) return
  await writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined)
}
