import { Command } from 'commander'
import { registerJobTypes } from '../../src/job-types/cli.ts'

const program = new Command('farm')
registerJobTypes(program)
await program.parseAsync()
