import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { AvailableJobSetting, AvailableJobType } from '@shaman-farm/manager-api/schemas'
import { formatCount, formatTable, runCommand, UserError } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { pino } from 'pino'
import {
  type AuthoredJob,
  type AuthoredTask,
  type JobTypes,
  openJobTypes,
  type ScriptMessage,
} from './main.ts'
import { createScript } from './scaffold.ts'
import { jobTypeName } from './script-files.ts'

interface FolderOptions {
  scripts?: string
  json?: boolean
}

interface PreviewOptions extends FolderOptions {
  setting: string[]
  name: string
  limit: string
  fill?: boolean
}

/** Adds `farm job-types …`. */
export function registerJobTypes(program: Command): void {
  const jobTypes = program
    .command('job-types')
    .description('List, check and try out job types without a running manager')

  withFolder(jobTypes.command('list').description('List the job types that work')).action(
    (options: FolderOptions) => runCommand(() => list(options), options),
  )

  jobTypes
    .command('new')
    .argument('<name>', 'such as my-render')
    .description(
      'Write a job type to start from, with what an editor needs to complete and check it',
    )
    .option('--scripts <directory>', 'where to write it', '.')
    .action((name: string, { scripts }: { scripts: string }) =>
      runCommand(async () => print(await createScript(name, scripts))),
    )

  withFolder(
    jobTypes
      .command('check')
      .argument('[file-or-name]', 'a script or a job type; all of them without it')
      .description('Load every script and tell what is wrong with it'),
  ).action((what: string | undefined, options: FolderOptions) =>
    runCommand(() => check(what, options), options),
  )

  withFolder(
    jobTypes
      .command('preview')
      .argument('<file-or-name>', 'a script or a job type')
      .description('Show the tasks a job of this type would have, without submitting anything'),
  )
    .option('-s, --setting <key=value...>', 'a job setting; may be repeated', [])
    .option('--fill', 'make values up for required settings that are not given')
    .option('--name <text>', 'name of the job', 'preview')
    .option('--limit <number>', 'how many tasks to show', '50')
    .action((what: string, options: PreviewOptions) =>
      runCommand(() => preview(what, options), options),
    )
}

function withFolder(command: Command): Command {
  return command
    .option('--scripts <directory>', 'a folder of scripts that come before the built-in ones')
    .option('--json', 'print JSON')
}

async function list(options: FolderOptions): Promise<void> {
  await withJobTypes(options.scripts, async (types) => {
    const found = await types.list()
    if (options.json) return printJson(found)
    print(
      formatTable(
        [
          { title: 'Name' },
          { title: 'Label' },
          { title: 'Settings', align: 'right' },
          { title: 'Description' },
        ],
        found.map(({ name, label, settings, description }) => [
          name,
          label,
          String(settings.length),
          description ?? '',
        ]),
      ),
    )
  })
}

async function check(what: string | undefined, options: FolderOptions): Promise<void> {
  const { scripts, name: only } = await locate(what, options)
  await withJobTypes(scripts, async (types) => {
    const all = await types.check()
    const checked = all.filter(({ name }) => only === undefined || name === only)
    if (only !== undefined && checked.length === 0) await types.get(only)
    const results = checked.map(({ name, script, error }) => ({
      name,
      script,
      ok: error === undefined,
      problem: error === undefined ? '' : messageOf(error),
    }))
    if (options.json) printJson(results)
    else
      for (const { ok, name, problem } of results)
        print(`${ok ? 'ok    ' : 'BROKEN'} ${name}`, problem)
    const broken = results.filter(({ ok }) => !ok).length
    if (broken > 0) {
      throw new UserError(`${formatCount(broken, 'job type')} can’t be used`, {
        code: 'JOB_SCRIPT_BROKEN',
      })
    }
  })
}

async function preview(what: string, options: PreviewOptions): Promise<void> {
  const { scripts, name } = await locate(what, options)
  await withJobTypes(scripts, async (types) => {
    const jobType = await types.get(name)
    const settings = readSettings(jobType, options)
    const job = await types.compile(
      {
        name: options.name,
        type: name,
        priority: 50,
        submitter_platform: process.platform === 'win32' ? 'windows' : process.platform,
        settings,
      },
      { jobId: crypto.randomUUID(), created: new Date() },
    )
    if (options.json) printJson(job)
    else printJob(job, Number(options.limit))
  })
}

function printJob({ tasks, messages }: AuthoredJob, limit: number): void {
  printMessages(messages)
  print(
    formatTable(
      [
        { title: 'Task' },
        { title: 'Type' },
        { title: 'Frames' },
        { title: 'Steps', align: 'right' },
        { title: 'Waits for', align: 'right' },
        { title: 'Commands' },
      ],
      tasks
        .slice(0, limit)
        .map((task) => [
          task.name,
          task.type,
          task.frames ?? '',
          String(stepsOf(task)),
          waitsFor(task),
          task.commands.map(({ name }) => name).join(', '),
        ]),
    ),
  )
  if (tasks.length > limit) print(`… and ${formatCount(tasks.length - limit, 'more task')}`)
  print(formatCount(tasks.length, 'task'))
}

/** As the manager counts them: a command without steps is one. */
function stepsOf({ commands }: AuthoredTask): number {
  return commands.reduce((sum, command) => sum + Math.max(1, command.total_step_count), 0)
}

function waitsFor({ dependencies }: AuthoredTask): string {
  return dependencies.length === 0 ? '' : formatCount(dependencies.length, 'task')
}

function printMessages(messages: readonly ScriptMessage[]): void {
  for (const { level, text } of messages) print(`the script says (${level}): ${text}`)
}

function readSettings(
  jobType: AvailableJobType,
  { setting: given, fill }: PreviewOptions,
): Record<string, unknown> {
  const settings = Object.fromEntries(given.map((text) => readSetting(jobType, text)))
  if (!fill) return settings
  const missing = jobType.settings.filter(
    ({ key, required, default: value }) =>
      !(key in settings) && (required || /path/.test(key)) && value === undefined,
  )
  return {
    ...Object.fromEntries(missing.map((setting) => [setting.key, example(setting)])),
    ...settings,
  }
}

function readSetting(jobType: AvailableJobType, text: string): [string, unknown] {
  const cut = text.indexOf('=')
  if (cut < 1)
    throw new UserError(`"${text}" is no setting`, { code: 'BAD_USAGE', hint: 'Write key=value.' })
  const [key, value] = [text.slice(0, cut), text.slice(cut + 1)]
  const type = jobType.settings.find((setting) => setting.key === key)?.type
  if (type === undefined) {
    throw new UserError(`The job type "${jobType.name}" has no setting "${key}"`, {
      code: 'SETTING_UNKNOWN',
      hint: `It has ${jobType.settings.map((setting) => setting.key).join(', ')}.`,
    })
  }
  if (type === 'bool') return [key, value === 'true' ? true : value === 'false' ? false : value]
  // What is no number stays text, and the settings check says so.
  const isNumber = (type === 'int32' || type === 'float') && value !== '' && !Number.isNaN(+value)
  return [key, isNumber ? Number(value) : value]
}

function example({ key, type, choices, propargs, subtype }: AvailableJobSetting): unknown {
  if (type === 'bool') return false
  if (type !== 'string') return Number(propargs?.min ?? 1)
  if (choices?.[0] !== undefined) return choices[0]
  if (key === 'frames') return '1-10'
  if (key === 'format') return 'PNG'
  if (key === 'image_file_extension') return '.png'
  if (key === 'blendfile') return '/example/scene.blend'
  if (subtype === 'file_path' || subtype === 'hashed_file_path') return '/example/output/######'
  return subtype === 'dir_path' ? '/example/output' : `example ${key}`
}

/** A script's folder and job type for a file; for anything else a name in the given folder. */
async function locate<T extends string | undefined>(
  what: T,
  { scripts }: FolderOptions,
): Promise<{ scripts: string | undefined; name: string | T }> {
  if (!what?.endsWith('.js')) return { scripts, name: what }
  const file = resolve(what)
  if (!(await stat(file).catch(() => undefined))?.isFile()) {
    throw new UserError(`There is no script ${file}`, { code: 'JOB_TYPE_UNKNOWN' })
  }
  return { scripts: dirname(file), name: jobTypeName(basename(file)) }
}

async function withJobTypes(
  scriptsDir: string | undefined,
  use: (types: JobTypes) => Promise<void>,
): Promise<void> {
  const types = openJobTypes({ scriptsDir, log: pino({ level: 'silent' }) })
  try {
    await use(types)
  } finally {
    await types.close()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2))
}

function print(...texts: string[]): void {
  process.stdout.write(`${texts.filter((text) => text !== '').join('  ')}\n`)
}
