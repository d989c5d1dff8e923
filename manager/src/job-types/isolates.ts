import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { JobTypeError } from './errors.ts'

/**
 * Scripts run in isolates, and those are a native program that is not made for every system. To be asked before
 * anything is opened: a manager without them would take submissions that it can make no job of.
 * @throws JobTypeError JOB_COMPILER_UNSUPPORTED
 */
export function assertIsolates(): void {
  const entry = fileURLToPath(import.meta.resolve('isolated-vm'))
  const finder = createRequire(entry)('node-gyp-build') as { resolve(dir: string): string }
  try {
    finder.resolve(dirname(entry))
  } catch (cause) {
    const system = `${process.platform}-${process.arch}`
    throw new JobTypeError(
      'JOB_COMPILER_UNSUPPORTED',
      `A manager cannot run on ${system}: the isolates that run job types are not made for it`,
      {
        cause,
        hint: 'Run it on Linux, on Windows, or on a Mac with Apple silicon. Workers and artists may use this computer.',
      },
    )
  }
}
