import type { Command } from 'commander'
import { registerAuth } from './auth/cli.ts'
import { registerJob } from './cli/job.ts'
import { registerManager } from './cli/manager.ts'
import { registerJobTypes } from './job-types/cli.ts'

export function register(program: Command): void {
  registerManager(program)
  registerJob(program)
  registerAuth(program)
  registerJobTypes(program)
}
