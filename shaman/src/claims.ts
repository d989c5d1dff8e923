import { type Digest, digestKey } from './digest.ts'

/**
 * Who is about to upload what. A client told that a blob is unknown has claimed it; others are told that it is being
 * uploaded, and wait, so that several clients with the same project send each byte once. A claim is a courtesy, not a
 * right: it lapses when its client falls silent, and nobody's upload is ever refused for one.
 */
export interface Claims {
  /** Claims a blob for a client; false when another client's claim stands. */
  claim(client: string, digest: Digest): boolean
  isClaimed(digest: Digest): boolean
  /** Whether the claim is this client's: nobody has stored the blob since it was told that it is unknown. */
  holds(client: string, digest: Digest): boolean
  /** The client is alive: its claims stand for another while. */
  touch(client: string): void
  settle(digests: Iterable<Digest>): void
  /** Gives up all claims of a client. */
  release(client: string): void
  /** Resolves when all that a client has claimed is stored or given up, when it has fallen silent, or after the time. */
  settled(client: string, timeoutMs: number): Promise<void>
  /** Resolves when none of these is claimed by another client any more, or after the time. */
  waitFor(client: string, digests: readonly Digest[], timeoutMs: number): Promise<void>
}

interface Claimant {
  client: string
  claims: number
  lastActive: number
  /** Who is to hear of its last claim's end. */
  waiters: (() => void)[]
}

const lapseMs = 6000
const checkEveryMs = 50
const checkSilenceEveryMs = 1000

/** Creates an empty table of claims. */
export function createClaims(options: { now?: () => number } = {}): Claims {
  const { now = Date.now } = options
  const byKey = new Map<string, Claimant>()
  const claimants = new Map<string, Claimant>()

  const claims: Claims = {
    claim(client, digest) {
      const key = digestKey(digest)
      const holder = standing(key)
      if (holder) return holder.client === client
      const claimant = claimants.get(client) ?? newClaimant(client)
      claimants.set(client, claimant)
      claimant.lastActive = now()
      claimant.claims += 1
      byKey.set(key, claimant)
      return true
    },
    holds: (client, digest) => standing(digestKey(digest))?.client === client,
    isClaimed: (digest) => standing(digestKey(digest)) !== undefined,
    touch(client) {
      const claimant = claimants.get(client)
      if (claimant) claimant.lastActive = now()
    },
    settle(digests) {
      if (byKey.size === 0) return
      for (const digest of digests) drop(digestKey(digest))
    },
    release(client) {
      const claimant = claimants.get(client)
      if (!claimant) return
      for (const [key, holder] of byKey) if (holder === claimant) drop(key)
    },
    settled(client, timeoutMs) {
      const claimant = claimants.get(client)
      if (!claimant) return Promise.resolve()
      return new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer)
          clearInterval(silence)
          resolve()
        }
        const timer = setTimeout(end, timeoutMs)
        const silence = setInterval(() => releaseIfSilent(claimant), checkSilenceEveryMs)
        // Nothing waits any more in a process that has nothing else to do.
        timer.unref()
        silence.unref()
        claimant.waiters.push(end)
      })
    },
    async waitFor(client, digests, timeoutMs) {
      const keys = digests.map(digestKey)
      const until = now() + timeoutMs
      let next = 0
      // Walks forward only: a key once free is not looked at again, so that waiting costs nothing.
      while (next < keys.length && now() < until) {
        const holder = standing(keys[next]!)
        if (!holder || holder.client === client) next += 1
        else await new Promise((resolve) => setTimeout(resolve, checkEveryMs))
      }
    },
  }
  return claims

  function newClaimant(client: string): Claimant {
    return { client, claims: 0, lastActive: now(), waiters: [] }
  }

  function standing(key: string): Claimant | undefined {
    const claimant = byKey.get(key)
    if (!claimant) return undefined
    return releaseIfSilent(claimant) ? undefined : claimant
  }

  function releaseIfSilent({ client, lastActive }: Claimant): boolean {
    if (now() - lastActive <= lapseMs) return false
    claims.release(client)
    return true
  }

  function drop(key: string): void {
    const claimant = byKey.get(key)
    if (!claimant) return
    byKey.delete(key)
    claimant.claims -= 1
    if (claimant.claims > 0) return
    claimants.delete(claimant.client)
    for (const wake of claimant.waiters) wake()
  }
}
