import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** How a process stands back behind others. */
export interface Priority {
  /** 0 (as the worker) to 19 (only when nothing else wants the processor). */
  nice?: number | undefined
  /** Linux: how readily the kernel picks this process when memory runs out, -1000 to 1000. */
  oomScoreAdjust?: number | undefined
}

const ownScore = '/proc/self/oom_score_adj'

/**
 * Starts a process with its score from birth: what it starts in its first moment would not have one that is set afterwards.
 * So the worker takes the score on for as long as starting takes, in which nothing else happens.
 */
export function startWithScore<T>({ oomScoreAdjust }: Priority, start: () => T): T {
  if (oomScoreAdjust === undefined || process.platform !== 'linux') return start()
  const before = readFileSync(ownScore, 'latin1')
  const isTaken = attempt(() => writeFileSync(ownScore, String(oomScoreAdjust)))
  try {
    return start()
  } finally {
    if (isTaken) attempt(() => writeFileSync(ownScore, before))
  }
}

export function applyNiceness(pid: number, { nice }: Priority): void {
  if (nice !== undefined) attempt(() => setPriority(pid, nice))
}

/** The process may be over already, or the worker may lack the right: neither is a reason not to render. */
function attempt(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
