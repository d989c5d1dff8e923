/**
 * What Node is started with for everything but the artist's commands; `bin/farm.mjs`, which an older Node must be able
 * to read, repeats them. The manager's isolates need Node without its snapshot. What requests leave behind is
 * collected early: at 2,000 tasks a second of 1,000 workers the manager holds 260 MiB instead of 400, for 5 % more of the
 * processor.
 */
export const serverFlags = [
  '--no-node-snapshot',
  '--max-semi-space-size=8',
  '--heap-growing-percent=40',
] as const

/**
 * A worker's memory belongs to Blender: so it holds 13 MiB less at rest and 30 MiB less after hundreds of short tasks, and
 * its processor is idle anyway. Node reads the answers of `fetch` with WebAssembly, whose second compiler takes 23 MiB
 * for a moment and keeps 10 of them; the first one's code does for a few answers a second.
 */
export const workerFlags = [
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--liftoff-only',
] as const

export function flagsFor(command: string | undefined): readonly string[] {
  return command === 'worker' ? workerFlags : serverFlags
}
