import { execa } from 'execa'

/** What a process cost. */
export interface Cost {
  wallMs: number
  cpuMs: number
  maxRssMiB: number
}

/** Runs a program to its end; what it prints goes nowhere. */
export async function timed(command: string, args: readonly string[]): Promise<Cost> {
  const time = ['-f', 'cost %e %U %S %M', command, ...args]
  const options = { stdout: 'ignore', reject: false, timeout: 10 * 60_000 } as const
  const started = performance.now()
  const { stderr } = await execa('/usr/bin/time', time, options)
  const wallMs = performance.now() - started
  const [, user, system, kib] = /^cost \S+ (\S+) (\S+) (\S+)$/m.exec(stderr) ?? []
  if (kib === undefined) throw new Error(`${command} could not be timed: ${stderr}`)
  return {
    wallMs,
    cpuMs: (Number(user) + Number(system)) * 1000,
    maxRssMiB: Number(kib) / 1024,
  }
}

/** The run in the middle, by wall time. */
export function median(costs: readonly Cost[]): Cost {
  return costs.toSorted((a, b) => a.wallMs - b.wallMs)[costs.length >> 1]!
}

/** One after another, as a person would. */
export async function timedEach(
  command: string,
  args: readonly string[],
  files: readonly string[],
): Promise<Cost> {
  const sum: Cost = { wallMs: 0, cpuMs: 0, maxRssMiB: 0 }
  for (const file of files) {
    const cost = await timed(command, [...args, file])
    sum.wallMs += cost.wallMs
    sum.cpuMs += cost.cpuMs
    sum.maxRssMiB = Math.max(sum.maxRssMiB, cost.maxRssMiB)
  }
  return sum
}
