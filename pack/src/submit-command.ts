import { resolve } from 'node:path'
import { runCommand, UserError } from '@shaman-farm/terminal'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { PackError } from './errors.ts'
import { readListing } from './list/blender-listing.ts'
import type { MissingMode } from './send/audience.ts'
import type { SubmitRequest } from './send/submission.ts'

interface SubmitFlags {
  manager: string
  token?: string
  name?: string
  type: string
  typeEtag?: string
  setting: Record<string, string>
  frames?: string
  priority: number
  paused?: boolean
  tag?: string
  project?: string
  missing: MissingMode
  as?: string
  listed?: string
  metadata: Record<string, string>
  reuse?: boolean
  confirm?: boolean
  dryRun?: boolean
  json?: boolean
}

/** Adds `farm submit` to the program. */
export function registerSubmit(program: Command): void {
  program
    .command('submit')
    .description('Send a .blend with everything it needs to the farm and make a job of it')
    .argument('<file.blend>', 'the scene to render')
    .addOption(
      new Option('--manager <url>', 'address of the farm’s manager')
        .env('FARM_MANAGER')
        .default('http://localhost:8080')
        .argParser(parseManager),
    )
    .addOption(
      new Option('--token <token>', 'proves who you are, if the farm asks').env('FARM_TOKEN'),
    )
    .option('--name <name>', 'name of the job (default: the file’s name)')
    .option('--type <type>', 'job type', 'simple-blender-render')
    .option('--type-etag <etag>', 'refuse if the job type has changed since this version of it')
    .option('--setting <key=value>', 'a setting of the job type; may be repeated', collectPair, {})
    .option('--frames <range>', 'frames to render, like 1-10,20 (default: the scene’s)')
    .option('--priority <0-100>', 'the higher, the earlier', parsePriority, 50)
    .option('--paused', 'leave the job paused')
    .option('--tag <name>', 'only workers with this tag')
    .option('--project <dir>', 'folder that the project’s files lie in (default: found)')
    .addOption(
      new Option('--missing <what>', 'what to do when files are missing')
        .choices(['ask', 'ignore', 'fail'])
        .default('ask'),
    )
    .option('--as <original.blend>', 'take the file to lie at this path (for a temporary copy)')
    .option('--listed <file>', 'JSON {"paths": [...]} of what Blender lists: the union is sent')
    .option('--metadata <key=value>', 'a note kept with the job; may be repeated', collectPair, {})
    .option('--reuse', 'take frames that an earlier such job made from the same files')
    .option('--confirm', 'show the report and wait for an answer (with --json: a line "send")')
    .option('--dry-run', 'show the report and stop')
    .option('--json', 'tell everything as JSON lines')
    .action((file: string, flags: SubmitFlags) =>
      runCommand(() => submit(file, flags), { json: flags.json === true }),
    )
}

async function submit(file: string, flags: SubmitFlags): Promise<void> {
  // Loaded on demand: `farm pack list` must not wait for the HTTP client.
  const { machineAudience, personAudience } = await import('./send/audience.ts')
  const stop = stopSignal()
  const open = flags.json ? machineAudience : personAudience
  const audience = open({
    missing: flags.missing,
    confirm: flags.confirm === true,
    dryRun: flags.dryRun === true,
    signal: stop.signal,
  })
  try {
    const { submitBlend } = await import('./send/submit.ts')
    const submission = await submitBlend(await requestOf(file, flags), audience)
    if (!submission) return
    audience.onSubmitted(submission)
    if (flags.json) return
    const { receiptLine } = await import('./send/receipt.ts')
    const { job, receipt, url } = submission
    process.stdout.write(`submitted "${job.name}" (${job.id})\n${receiptLine(receipt)}\n${url}\n`)
  } catch (error) {
    if (!flags.json || !(error instanceof PackError)) throw error
    tellProblem(error)
  } finally {
    audience.close()
    stop.dispose()
  }
}

/** As every command tells a problem, with the facts that a program can act on: the setting, the missing files. */
function tellProblem({ code, message, hint, detail }: PackError): void {
  process.stdout.write(`${JSON.stringify({ v: 1, event: 'error', code, message, hint, detail })}\n`)
  process.exitCode = 1
}

async function requestOf(file: string, flags: SubmitFlags): Promise<SubmitRequest> {
  const frames = flags.frames === undefined ? {} : { frames: flags.frames }
  return {
    blend: resolve(file),
    as: flags.as === undefined ? undefined : resolve(flags.as),
    manager: flags.manager,
    token: flags.token,
    name: flags.name,
    type: flags.type,
    typeEtag: flags.typeEtag,
    settings: { ...flags.setting, ...frames },
    listed: flags.listed === undefined ? undefined : await readListing(flags.listed),
    metadata: { ...flags.metadata, ...(flags.reuse ? { 'farm.reuse': 'yes' } : {}) },
    priority: flags.priority,
    startPaused: flags.paused === true,
    tag: flags.tag,
    project: flags.project === undefined ? undefined : resolve(flags.project),
    dryRun: flags.dryRun === true,
  }
}

/** Aborts on the first signal, and when nobody reads our output any more. */
function stopSignal(): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.once(name, stop)
  process.stdout.on('error', stop)
  return {
    signal: controller.signal,
    dispose() {
      for (const name of signals) process.off(name, stop)
    },
  }
}

function parseManager(text: string): string {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.parse(withScheme)
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    throw new UserError(`"${text}" is no address of a manager`, {
      code: 'MANAGER_ADDRESS',
      hint: 'It looks like http://farm.local:8080.',
    })
  }
  return url.origin
}

function parsePriority(text: string): number {
  const priority = Number(text)
  if (!/^\d+$/.test(text) || priority > 100) {
    throw new InvalidArgumentError('It is a whole number from 0 to 100.')
  }
  return priority
}

function collectPair(text: string, pairs: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It looks like key=value.')
  return { ...pairs, [text.slice(0, at)]: text.slice(at + 1) }
}
