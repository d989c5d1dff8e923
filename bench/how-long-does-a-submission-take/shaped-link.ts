import { execa } from 'execa'

export interface Link {
  name: string
  bitsPerSecond: number
  rttMs: number
}

/** A network of two machines that are one: the client's side is a namespace of its own. Linux, root, iproute2. */
export interface ShapedLink {
  /** Where the client reaches this side. */
  host: string
  /** Whether the kernel also delays packets; bandwidth it always limits. */
  isDelayed: boolean
  /** What to put before a command that shall run on the client's side. */
  prefix: readonly string[]
  close(): Promise<void>
}

const space = 'shaman-farm-bench'
const [here, there] = ['sfbench0', 'sfbench1']
const [host, guest] = ['10.213.77.1', '10.213.77.2']

/** Rejects where this machine or this user can't make one. */
export async function openShapedLink(link: Link): Promise<ShapedLink> {
  const close = async (): Promise<void> => {
    await execa('ip', ['netns', 'delete', space], { reject: false })
    await execa('ip', ['link', 'delete', here], { reject: false })
  }
  await close()
  try {
    await ip('netns', 'add', space)
    await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', space)
    await ip('address', 'add', `${host}/30`, 'dev', here)
    await ip('link', 'set', here, 'up')
    await ip('-n', space, 'address', 'add', `${guest}/30`, 'dev', there)
    await ip('-n', space, 'link', 'set', there, 'up')
    const delays = [await shape([], here, link), await shape(['-n', space], there, link)]
    return {
      host,
      isDelayed: delays.every(Boolean),
      prefix: ['ip', 'netns', 'exec', space],
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** True when the kernel can delay, too. */
async function shape(where: string[], device: string, link: Link): Promise<boolean> {
  const add = [...where, 'qdisc', 'add', 'dev', device, 'root']
  const rate = `${link.bitsPerSecond}bit`
  const delayed = await execa(
    'tc',
    [...add, 'netem', 'delay', `${link.rttMs / 2}ms`, 'rate', rate, 'limit', '100000'],
    { reject: false },
  )
  if (!delayed.failed) return true
  // A hundredth of a second at full rate: less, and the timer's grain costs bandwidth.
  const burst = Math.max(16_000, Math.round(link.bitsPerSecond / 8 / 100))
  await execa('tc', [...add, 'tbf', 'rate', rate, 'burst', String(burst), 'latency', '100ms'])
  return false
}

function ip(...args: string[]) {
  return execa('ip', args)
}
