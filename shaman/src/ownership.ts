import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isCode, ShamanError } from './errors.ts'

/** The right of one server process to change a store. */
export interface Ownership {
  release(): Promise<void>
}

interface Owner {
  host: string
  pid: number
  serverId: string
  beat: number
}

const beatEveryMs = 10_000
const deadAfterMs = 60_000
const heldHere = new Set<string>()

/**
 * Takes the store's lock; throws `STORE_LOCKED` while another process holds it. A lock on a share cannot be a kernel's, so it
 * is a file with a heart-beat; on the same machine a dead process is noticed at once.
 */
export async function takeOwnership(
  lockFile: string,
  serverId: string,
  options: { now?: () => number; onLost?: (error: unknown) => void } = {},
): Promise<Ownership> {
  const { now = Date.now } = options
  const rival = await readOwner(lockFile)
  if (rival && isAlive(rival, now())) {
    throw new ShamanError(
      'STORE_LOCKED',
      `the store is in use by process ${rival.pid} on ${rival.host}`,
      {
        detail: { host: rival.host, pid: rival.pid },
        hint: 'Only one server may work on a store. Stop the other one, or use its address.',
      },
    )
  }
  const beat = async (): Promise<void> => {
    const owner: Owner = { host: hostname(), pid: process.pid, serverId, beat: now() }
    await writeFile(`${lockFile}.${serverId}`, JSON.stringify(owner))
    await rename(`${lockFile}.${serverId}`, lockFile)
  }
  await beat()
  heldHere.add(serverId)
  let beating: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    beating = beat().catch((error: unknown) => options.onLost?.(error))
  }, beatEveryMs)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      // One under way would bring the lock back.
      await beating
      heldHere.delete(serverId)
      if ((await readOwner(lockFile))?.serverId === serverId) await rm(lockFile, { force: true })
    },
  }
}

async function readOwner(lockFile: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(lockFile, 'utf8')) as Owner
  } catch (error) {
    if (isCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

function isAlive(owner: Owner, time: number): boolean {
  if (owner.host !== hostname()) return time - owner.beat < deadAfterMs
  if (owner.pid === process.pid) return heldHere.has(owner.serverId)
  return time - owner.beat < deadAfterMs && processExists(owner.pid)
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}
