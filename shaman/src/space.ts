import { type Disk, realDisk } from './disk.ts'
import { ShamanError } from './errors.ts'

/** Keeps uploads from filling the volume: bytes are promised before they are written. */
export interface SpaceKeeper {
  /** Sets bytes aside; throws `NO_SPACE`. The returned function gives them back. */
  reserve(bytes: number): Promise<() => void>
  /** Free bytes as last measured, less what is promised. */
  available(): Promise<number>
}

/** Limits of the volume and of the store. */
export interface SpaceLimits {
  /** Bytes never to be used by uploads. Default: the smaller of 1 GiB and 2 % of what is free at the start. */
  reserveBytes?: number
  /** Most bytes the blobs may take together. */
  quotaBytes?: number
  /** What the blobs take now; asked only when there is a quota. */
  storedBytes?: () => number
}

// statfs costs a round trip on a share; within this time the last answer, less what was promised since, is as good.
const measureEveryMs = 1000
const defaultReserveBytes = 2 ** 30

/** A keeper for the volume that holds `directory`. */
export function createSpaceKeeper(
  directory: string,
  limits: SpaceLimits = {},
  options: { disk?: Disk; now?: () => number } = {},
): SpaceKeeper {
  const { disk = realDisk, now = Date.now } = options
  let measuredAt = Number.NEGATIVE_INFINITY
  let measuring: Promise<void> | undefined
  let free = 0
  let promised = 0
  let reserve = limits.reserveBytes

  return { reserve: reserveBytes, available }

  async function reserveBytes(bytes: number): Promise<() => void> {
    // Promised before anything is awaited: two uploads must not both count the same free bytes.
    promised += bytes
    let held = true
    const giveBack = (): void => {
      if (held) promised -= bytes
      held = false
    }
    try {
      // Nothing is awaited while the last answer is good: of small files thousands a second ask.
      if (isStale()) await measureOnce()
      if (left() < 0) {
        throw new ShamanError('NO_SPACE', 'the storage volume has no room for this upload', {
          detail: { bytes, available: free - (reserve ?? 0) },
          hint: 'Free some space on the storage, or collect blobs that no checkout needs any more.',
        })
      }
      checkQuota()
    } catch (error) {
      giveBack()
      throw error
    }
    return giveBack
  }

  async function available(): Promise<number> {
    if (isStale()) await measureOnce()
    return left()
  }

  function left(): number {
    return free - promised - (reserve ?? 0)
  }

  function isStale(): boolean {
    return now() - measuredAt >= measureEveryMs
  }

  // One question, however many ask at the same time.
  function measureOnce(): Promise<void> {
    measuring ??= measure().finally(() => {
      measuring = undefined
    })
    return measuring
  }

  async function measure(): Promise<void> {
    free = await disk.freeBytes(directory)
    measuredAt = now()
    reserve ??= Math.min(defaultReserveBytes, Math.floor(free * 0.02))
  }

  function checkQuota(): void {
    const { quotaBytes, storedBytes } = limits
    if (quotaBytes === undefined || storedBytes === undefined) return
    if (storedBytes() + promised <= quotaBytes) return
    throw new ShamanError('NO_SPACE', 'the store has reached its quota', {
      detail: { quotaBytes, storedBytes: storedBytes() },
      hint: 'Delete finished jobs and collect their blobs, or raise the quota.',
    })
  }
}
