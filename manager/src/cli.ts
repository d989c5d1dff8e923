import type { Command } from 'commander'
import { registerJob } from './cli/job.ts'
import { registerManager } from './cli/manager.ts'
import { registerJobTypes } from './job-types/cli.ts'

export function register(program: Command): void {
  registerManager(program)
  registerJob(program)
  registerJobTypes(program)
}
