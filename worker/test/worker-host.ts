// `farm worker` without the rest of the farm's commands.
import { runCommand } from '@shaman-farm/terminal'
import { Command } from 'commander'
import { register } from '../src/cli.ts'

const program = new Command().exitOverride()
register(program)
await runCommand(async () => void (await program.parseAsync()))
