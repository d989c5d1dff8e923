import type { TestContext } from 'node:test'
import { execa } from 'execa'

/** Stands in for another computer: a network of its own, and no sight of the farm's storage. Linux, root, iproute2. */
export interface Machine {
  /** Where the manager is reached from there, if it listens everywhere. */
  host: string
  /** What to put before a command that shall run there. */
  prefix: readonly string[]
}

/** Undefined, and loudly so, where this system or this user cannot make one. */
export async function openMachines(
  t: TestContext,
  count: number,
  hidden: string,
): Promise<Machine[] | undefined> {
  const opened = Array.from({ length: count }, (_, i) => nameOf(i))
  t.after(() =>
    Promise.all(opened.map(({ space }) => ip('netns', 'delete', space).catch(() => {}))),
  )
  try {
    return await Promise.all(opened.map((names) => openMachine(names, hidden)))
  } catch (error) {
    const { shortMessage } = error as { shortMessage?: string }
    t.diagnostic(`NO NETWORK NAMESPACES HERE, the workers share this machine: ${shortMessage}`)
    return undefined
  }
}

interface Names {
  space: string
  near: string
  far: string
  host: string
  guest: string
}

/** Of this process alone: another run of the test may be at work. */
function nameOf(i: number): Names {
  const id = `${(process.pid % 60_000).toString(36)}${i}`
  const net = `10.${210 + (process.pid % 40)}.${(process.pid >> 6) % 250}`
  return {
    space: `farm-test-${id}`,
    near: `ft${id}a`,
    far: `ft${id}b`,
    host: `${net}.${4 * i + 1}`,
    guest: `${net}.${4 * i + 2}`,
  }
}

async function openMachine(names: Names, hidden: string): Promise<Machine> {
  const { space, near, far, host, guest } = names
  await ip('netns', 'add', space)
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', space)
  await ip('address', 'add', `${host}/30`, 'dev', near)
  await ip('link', 'set', near, 'up')
  await ip('-n', space, 'address', 'add', `${guest}/30`, 'dev', far)
  await ip('-n', space, 'link', 'set', far, 'up')
  await ip('-n', space, 'link', 'set', 'lo', 'up')
  const prefix = ['ip', 'netns', 'exec', space, 'unshare', '-m', 'sh', '-c']
  // Over the storage lies an empty folder that nobody else sees.
  const machine = { host, prefix: [...prefix, 'mount -t tmpfs none "$0" && exec "$@"', hidden] }
  await execa(machine.prefix[0]!, [...machine.prefix.slice(1), 'true'])
  return machine
}

function ip(...args: string[]) {
  return execa('ip', args)
}
