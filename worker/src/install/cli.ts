import { mkdir, writeFile } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '@shaman-farm/terminal'
import { type Command, Option } from 'commander'
import { type ConfigFlags, readConfig } from '../config.ts'
import {
  restartExitCode,
  type ServiceFile,
  type ServiceManager,
  serviceFile,
} from './service-files.ts'

interface InstallFlags extends ConfigFlags {
  service?: ServiceManager
  write?: true
  json?: true
}

export function addInstall(worker: Command): void {
  worker
    .command('install')
    .description(
      'Make the file that starts the worker with the machine, and say what to do with it',
    )
    .addOption(
      new Option('--service <kind>', "which kind of service (default: this system's own)").choices([
        'systemd',
        'launchd',
        'windows',
      ]),
    )
    .option('--write', 'write the file where it belongs instead of printing it')
    .option('--json', 'print a JSON object')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<InstallFlags>()
      const file = await serviceFor(flags)
      if (flags.json) console.log(JSON.stringify({ v: 1, ...file }))
      else if (flags.write) await write(file)
      else show(file)
    })
}

async function serviceFor(flags: InstallFlags): Promise<ServiceFile> {
  const config = await readConfig(flags)
  const farm = fileURLToPath(new URL('../../../bin/farm.mjs', import.meta.url))
  const argv = [
    // With the flags that this very command runs with: in a release nothing else would give the worker its own.
    ...[
      process.execPath,
      ...process.execArgv,
      farm,
      'worker',
      '--home',
      config.home,
      '--name',
      config.name,
    ],
    ...(config.managerUrl === undefined ? [] : ['--manager', config.managerUrl]),
    ...(config.slots === 1 ? [] : ['--slots', String(config.slots)]),
    ...['--restart-exit-code', String(restartExitCode)],
  ]
  const { username: user } = userInfo()
  return serviceFile(flags.service ?? serviceManagerHere(), { argv, user, home: config.home })
}

function serviceManagerHere(): ServiceManager {
  if (process.platform === 'win32') return 'windows'
  return process.platform === 'darwin' ? 'launchd' : 'systemd'
}

function show({ path, text, steps }: ServiceFile): void {
  console.log(text)
  console.error(`Save this as ${path} (or run again with --write), then:\n  ${steps.join('\n  ')}`)
}

async function write({ path, text, steps }: ServiceFile): Promise<void> {
  const target = path.replace(/^~/, homedir())
  try {
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text)
  } catch (cause) {
    throw new UserError(`${target} could not be written: ${(cause as Error).message}`, {
      code: 'NOT_WRITTEN',
      hint: 'Run it with sudo, or without --write and save the file yourself.',
      cause,
    })
  }
  console.log(`Wrote ${target}. Now:\n  ${steps.join('\n  ')}`)
}
