import { type Disk, realDisk } from '../../src/disk.ts'

/** Makes one call of the write path fail, or fall short, when `when` says so. */
export interface Fault {
  call: keyof Disk
  errno?: string
  /** Does the work and then fails, as a network file system does when a reply is lost. */
  afterDoing?: boolean
  /** Writes only half. */
  short?: boolean
  when?: (path: string) => boolean
  times?: number
}

export interface FaultyDisk extends Disk {
  inject(fault: Fault): void
  /** How often a fault struck. */
  struck(): number
}

export function createFaultyDisk(): FaultyDisk {
  let fault: Fault | undefined
  let left = 0
  let struck = 0
  const faulty = { ...realDisk } as unknown as Record<string, unknown>
  for (const call of Object.keys(realDisk) as (keyof Disk)[]) {
    const real = realDisk[call] as (...given: unknown[]) => unknown
    faulty[call] = (...given: unknown[]) => {
      const active = fault
      const isHit = active?.call === call && left > 0 && (active.when?.(String(given[0])) ?? true)
      if (!active || !isHit) return real(...given)
      left -= 1
      struck += 1
      if (active.short) return writeHalf(call, given)
      if (active.afterDoing) real(...given)
      const error = Object.assign(new Error(`${active.errno}: injected, ${call}`), {
        code: active.errno,
      })
      if (asynchronous.has(call)) return Promise.reject(error)
      throw error
    }
  }
  return Object.assign(faulty as unknown as Disk, {
    inject(next: Fault) {
      fault = next
      left = next.times ?? 1
      struck = 0
    },
    struck: () => struck,
  })
}

const asynchronous = new Set<keyof Disk>(['write', 'fdatasync', 'fsync', 'freeBytes'])

function writeHalf(call: keyof Disk, given: unknown[]): unknown {
  if (call === 'writeSync') {
    const [fd, chunk, offset] = given as [number, Uint8Array, number]
    const end = offset + Math.max(1, Math.floor((chunk.byteLength - offset) / 2))
    return realDisk.writeSync(fd, chunk.subarray(0, end), offset)
  }
  const [fd, chunks] = given as [number, Uint8Array[]]
  const first = chunks[0]!
  return realDisk.write(fd, [first.subarray(0, Math.max(1, first.byteLength >> 1))])
}
