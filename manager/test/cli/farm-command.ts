import { execFile } from 'node:child_process'
import { join } from 'node:path'

const program = `
  import { Command } from 'commander'
  import { runCommand } from '@shaman-farm/terminal'
  import { register } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'src', 'cli.ts'))}
  const command = new Command('farm').exitOverride()
  register(command)
  const args = process.argv.slice(1)
  await runCommand(() => command.parseAsync(args, { from: 'user' }).then(() => {}), { json: args.includes('--json') })`

/** Runs a command of the manager's in a process of its own. */
export function farm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--no-node-snapshot', '--input-type=module', '-e', program, '--', ...args],
      { cwd: join(import.meta.dirname, '..', '..'), timeout: 60_000 },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
