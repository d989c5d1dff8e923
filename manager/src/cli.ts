import type { Command } from 'commander'
import { registerJob } from './cli/job.ts'
import { registerManager } from './cli/manager.ts'

export function register(program: Command): void {
  registerManager(program)
  registerJob(program)
}
