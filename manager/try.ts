import { Command } from 'commander'
import { registerJobTypes } from './src/job-types/cli.ts'
const p = new Command('farm').exitOverride(); registerJobTypes(p)
await p.parseAsync(process.argv.slice(2), { from: 'user' })
