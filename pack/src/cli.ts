import {
  createProgress,
  formatBytes,
  formatCount,
  printProblem,
  runCommand,
} from '@shaman-farm/terminal'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { readListing } from './list/blender-listing.ts'
import { absent } from './list/list.ts'
import { listMany } from './list/list-many.ts'
import type { OutputOptions } from './output/folder.ts'
import { describePack, type PackInfo } from './output/pack-info.ts'
import type { PackPlan } from './plan.ts'
import { registerSubmit } from './submit-command.ts'
import type { Trace } from './trace/model.ts'
import type { PathMapping } from './trace/stored-path.ts'
import { tracePack } from './trace/trace.ts'

interface TraceFlags {
  json?: boolean
  all?: boolean
  project?: string
  map?: PathMapping[]
}

interface ListFlags extends TraceFlags {
  tree?: boolean
  strict?: boolean
  listed?: string
}

interface PackFlags extends TraceFlags {
  exclude?: string[]
}

type Write = (plan: PackPlan, info: PackInfo, options: OutputOptions) => Promise<void>

/** Adds `farm pack` with its commands, and `farm submit`. What only some commands need is loaded by them. */
export function register(program: Command): void {
  const pack = program
    .command('pack')
    .description('Find everything a .blend file needs, and gather it')
  registerList(pack)
  registerFolder(pack)
  registerTar(pack)
  registerVerify(pack)
  registerSubmit(program)
}

function registerList(pack: Command): void {
  withTraceFlags(pack.command('list'))
    .description(
      'List every file that .blend files and their libraries need; one that cannot be read is told, and the others are listed',
    )
    .argument('<files...>', '.blend files')
    .option('--tree', 'show which .blend needs what')
    .option('--strict', 'exit with 1 if files are missing')
    .option(
      '--listed <file>',
      'JSON {"paths": [...]} of what Blender lists, or - for standard input: what is lacking is added',
    )
    .option('--json', 'one JSON object a line, each a file')
    .action((files: string[], flags: ListFlags) =>
      runCommand(() => list(files, flags), { json: flags.json === true }),
    )
}

async function list(files: readonly string[], flags: ListFlags): Promise<void> {
  const { project, all, map: mappings } = flags
  const listed = flags.listed === undefined ? undefined : await readListing(flags.listed)
  const trace = { project, all, mappings, listed }
  const as = flags.json ? 'json' : flags.tree ? 'tree' : 'table'
  const isTitled = files.length > 1 && as !== 'json'
  for await (const { blend, ...listed } of listMany(files, { as, trace })) {
    if ('problem' in listed) {
      printProblem(listed.problem, { json: as === 'json' })
      process.exitCode = 1
      continue
    }
    const { text, isLacking } = listed.listing
    print(isTitled ? `== ${blend}\n${text}\n` : text)
    if (flags.strict && isLacking) process.exitCode = 1
  }
}

function registerFolder(pack: Command): void {
  withPackFlags(withTraceFlags(pack.command('folder')))
    .description('Copy a .blend file and everything it needs into a folder')
    .argument('<file.blend>', 'the scene')
    .argument('<folder>', 'where to; empty, or an earlier pack')
    .action((file: string, folder: string, flags: PackFlags) =>
      runPack(file, folder, flags, async () => {
        const { packToFolder } = await import('./output/folder.ts')
        return (plan, info, options) => packToFolder(plan, info, folder, options)
      }),
    )
}

function registerTar(pack: Command): void {
  withPackFlags(withTraceFlags(pack.command('tar')))
    .description('Write a .blend file and everything it needs into an archive')
    .argument('<file.blend>', 'the scene')
    .argument('<archive>', 'name ending in .tar or .tar.zst')
    .action((file: string, archive: string, flags: PackFlags) =>
      runPack(file, archive, flags, async () => {
        const { assertArchiveName, packToTar } = await import('./output/tar.ts')
        assertArchiveName(archive)
        return (plan, info, options) => packToTar(plan, info, archive, options)
      }),
    )
}

function runPack(
  file: string,
  to: string,
  flags: PackFlags,
  openWriter: () => Promise<Write>,
): Promise<void> {
  return runCommand(
    async () => {
      const write = await openWriter()
      const trace = await tracePack(traceOptions(file, flags))
      const { planPack } = await import('./plan.ts')
      const plan = await planPack(trace, { exclude: flags.exclude ?? [] })
      const info = describePack(plan, trace)
      const progress = createProgress('packing', { unit: 'bytes' })
      try {
        await write(plan, info, {
          onProgress: ({ bytesDone }) => progress.update(bytesDone, info.bytes),
        })
      } finally {
        progress.stop()
      }
      tellPacked(trace, plan, info, to, flags)
    },
    { json: flags.json === true },
  )
}

function tellPacked(
  trace: Trace,
  plan: PackPlan,
  info: PackInfo,
  to: string,
  flags: PackFlags,
): void {
  const rewritten = plan.files.filter((file) => 'rewritten' in file.source).length
  if (flags.json) {
    print(JSON.stringify({ event: 'packed', to, rewritten, ...info }))
    return
  }
  for (const file of trace.files.filter(({ status }) => absent.has(status))) {
    print(`${file.status}  ${file.path}  (${file.users[0]?.block ?? ''})`)
  }
  const facts = [formatCount(info.files, 'file'), formatBytes(info.bytes)]
  if (rewritten > 0) facts.push(`${formatCount(rewritten, '.blend', '.blends')} with changed paths`)
  print(`packed ${facts.join(', ')} into ${to}; open ${info.blend}`)
}

function registerVerify(pack: Command): void {
  pack
    .command('verify')
    .description('Follow every path of a packed folder: all must lead to a file inside it')
    .argument('<folder>', 'made by farm pack folder, or an unpacked archive')
    .option('--json', 'the result as one JSON object')
    .action((folder: string, flags: { json?: boolean }) =>
      runCommand(() => verify(folder, flags.json === true), { json: flags.json === true }),
    )
}

async function verify(folder: string, json: boolean): Promise<void> {
  const { verifyPack } = await import('./output/verify.ts')
  const check = await verifyPack(folder)
  if (check.defects.length > 0) process.exitCode = 1
  if (json) {
    print(JSON.stringify({ v: 1, event: 'verified', ...check }))
    return
  }
  for (const { kind, stored, blend, users } of check.defects) {
    print(`${kind}  ${stored}  named by ${blend} (${users.join(', ')})`)
  }
  const verdict =
    check.defects.length === 0 ? 'the pack is complete' : `${check.defects.length} lead nowhere`
  print(`${formatCount(check.files, 'path')} followed: ${verdict}`)
}

function withTraceFlags(command: Command): Command {
  return command
    .option('--project <dir>', 'root directory of the project (default: found)')
    .option('--all', 'also what rendering does not reach: brushes, proxies')
    .addOption(
      new Option(
        '--map <from=to>',
        'absolute paths below <from> lie below <to> here; may be repeated',
      ).argParser(collectMapping),
    )
}

function withPackFlags(command: Command): Command {
  return command
    .option('--exclude <pattern>', 'leave out files like *.mp4 or ref/**; may be repeated', collect)
    .option('--json', 'the result as one JSON object')
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function collectMapping(value: string, before: PathMapping[] = []): PathMapping[] {
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as FROM=TO.')
  return [...before, { from: value.slice(0, at), to: value.slice(at + 1) }]
}

function traceOptions(blend: string, flags: TraceFlags): Parameters<typeof tracePack>[0] {
  const { project, all, map: mappings } = flags
  return { blend, project, all, mappings }
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`)
}
