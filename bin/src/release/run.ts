import { UserError } from '@shaman-farm/terminal'
import { execa } from 'execa'

const TIMEOUT_MS = 15 * 60_000

/** Runs a program to its end; what it said becomes the hint when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<string> {
  try {
    const { stdout } = await execa(command, args, {
      ...options,
      stdin: 'ignore',
      timeout: TIMEOUT_MS,
    })
    return stdout
  } catch (cause) {
    const { stderr, stdout } = cause as { stderr?: string; stdout?: string }
    throw new UserError(`${command} ${args.slice(0, 3).join(' ')} failed`, {
      code: 'RELEASE_FAILED',
      hint: (stderr || stdout || String(cause)).split('\n').slice(-8).join('\n'),
      cause,
    })
  }
}
