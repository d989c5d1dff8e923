import { formatBytes, formatCount, formatTable } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { registerSubmit } from './submit-command.ts'
import type { Trace, TracedFile } from './trace/trace.ts'
import { tracePack } from './trace/trace.ts'

interface ListOptions {
  json?: boolean
  all?: boolean
  project?: string
}

/** Adds `farm pack` with its commands, and `farm submit`. */
export function register(program: Command): void {
  const pack = program
    .command('pack')
    .description('Find everything a .blend file needs, and gather it')
  pack
    .command('list')
    .description('List every file that a .blend file and its libraries need')
    .argument('<files...>', '.blend files')
    .option('--project <dir>', "the project's root directory")
    .option('--all', 'also what rendering can not reach')
    .option('--json', 'one JSON object a line, each a file')
    .action(async (files: string[], options: ListOptions) => {
      for (const file of files) {
        const trace = await tracePack({ blend: file, ...options })
        print(options.json ? toJsonLines(trace) : toTable(trace))
      }
    })
  registerSubmit(program)
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`)
}

function toJsonLines(trace: Trace): string {
  return trace.files.map((file) => JSON.stringify(file)).join('\n')
}

function toTable(trace: Trace): string {
  const bytes = trace.files.reduce((sum, file) => sum + file.size, 0)
  const table = formatTable(
    [{ title: 'status' }, { title: 'kind' }, { title: 'size', align: 'right' }, { title: 'path' }],
    trace.files.map((file) => rowOf(file)),
  )
  const summary = `${formatCount(trace.files.length, 'file')}, ${formatBytes(bytes)}`
  return `${table}\n\n${summary}, project ${trace.project}`
}

function rowOf(file: TracedFile): string[] {
  const size = file.status === 'missing' || file.status === 'gap' ? '' : formatBytes(file.size)
  const frames = file.frames === undefined ? '' : ` (frames ${file.frames})`
  return [file.status, file.kind, size, `${file.path}${frames}`]
}
