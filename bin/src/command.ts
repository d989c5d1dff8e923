import { existsSync } from 'node:fs'
import { runCommand } from '@shaman-farm/terminal'
import { Command } from 'commander'
import { stopWithStdin } from './stop-with-stdin.ts'

/** A package's own command line: adds its commands to the program. */
interface CommandFamily {
  register(program: Command): void
}

// Loaded on demand: `farm pack` must not wait for the manager's modules.
const families: Record<string, () => Promise<CommandFamily>> = {
  up: () => import('./up.ts'),
  manager: () => import('@shaman-farm/manager/cli'),
  worker: () => import('@shaman-farm/worker/cli'),
  shaman: () => import('@shaman-farm/shaman/cli'),
  pack: () => import('@shaman-farm/pack/cli'),
  // A release has the built dashboard, but nothing for work on it.
  ...(existsSync(new URL('../../ui/dev/cli.ts', import.meta.url))
    ? { dev: () => import('@shaman-farm/ui/cli') }
    : {}),
}

/** Commands that live in a family of another name. */
const familyOf: Record<string, keyof typeof families> = {
  submit: 'pack',
  job: 'manager',
  'job-types': 'manager',
  token: 'manager',
  enrolments: 'manager',
  audit: 'manager',
}

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('farm')
    .description('Shaman Farm: a render farm for Blender whose heart is storage')
    .version('0.1.0')
    .exitOverride()
    .showHelpAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nWithout a command it does what "farm up" does.')
  for (const load of loadersFor(argv[0])) (await load()).register(program)
  await program.parseAsync(argv, { from: 'user' })
}

function loadersFor(name: string | undefined): (() => Promise<CommandFamily>)[] {
  const family = families[familyOf[name ?? ''] ?? name ?? '']
  return family ? [family] : Object.values(families)
}

const argv = process.argv.slice(2)
if (argv[0] === '--stop-with-stdin') {
  argv.shift()
  stopWithStdin()
}
// Whoever has just unpacked it types its name and sees a farm.
if (argv.length === 0) argv.push('up')
await runCommand(() => main(argv), { json: process.argv.includes('--json') })
