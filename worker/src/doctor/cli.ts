import { createWorkerClient, type WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { formatTable } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { type ConfigFlags, readConfig, type WorkerConfig } from '../config.ts'
import { readCredentials } from '../credentials.ts'
import type { Finding } from './checks.ts'
import { examine } from './examine.ts'

interface DoctorFlags extends ConfigFlags {
  blender?: string
  json?: true
}

export function addDoctor(worker: Command): void {
  worker
    .command('doctor')
    .description('Look whether this machine can render for the farm, and say what is in the way')
    .option(
      '--blender <exe>',
      "the Blender to look at (default: the manager's variable, or blender)",
    )
    .option('--json', 'print one JSON object for each finding')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<DoctorFlags>()
      const findings = await lookOver(await readConfig(flags), flags.blender)
      print(findings, flags.json ?? false)
      if (findings.some(({ status }) => status === 'problem')) process.exitCode = 1
    })
}

/** What `farm worker doctor` finds; without a manager only what concerns this machine. */
async function lookOver(config: WorkerConfig, blender?: string): Promise<Finding[]> {
  const client = await clientFor(config)
  return examine({ client, home: config.home, blender, depth: 'all' })
}

/** As the worker that lives here, or as one that is to be enrolled. */
async function clientFor({
  managerUrl: url,
  home,
  token,
}: WorkerConfig): Promise<WorkerClient | undefined> {
  if (url === undefined) return undefined
  const worker = await readCredentials(home)
  const who = worker ? { worker } : token ? { token } : {}
  return createWorkerClient({ url, timeoutMs: 5_000, ...who })
}

const signs = { ok: '✓', warning: '!', problem: '✗', skipped: '·' } as const

function print(findings: readonly Finding[], json: boolean): void {
  if (json) {
    for (const finding of findings) console.log(JSON.stringify({ v: 1, ...finding }))
    return
  }
  const rows = findings.map(({ check, status, message, hint }) => [
    signs[status],
    check,
    hint === undefined ? message : `${message}. ${hint}`,
  ])
  console.log(formatTable([{ title: '' }, { title: 'check' }, { title: 'finding' }], rows))
}
