import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, type Option } from 'commander'

const families = [
  '../bin/src/up.ts',
  '../manager/src/cli.ts',
  '../worker/src/cli.ts',
  '../pack/src/cli.ts',
  '../shaman/src/cli.ts',
]

/** The page with every command and flag, as the commands themselves tell them. */
export async function commandsPage(): Promise<string> {
  const program = new Command('farm')
  for (const path of families) {
    const { register } = (await import(path)) as { register(program: Command): void }
    register(program)
  }
  const intro = [
    '# Commands',
    '',
    'Made from the commands themselves; each tells the same with `--help`.',
    '',
  ]
  return `${[...intro, ...program.commands.flatMap((command) => sections(command, 'farm'))].join('\n').trimEnd()}\n`
}

function sections(command: Command, before: string): string[] {
  const name = `${before} ${command.name()}`
  const usage = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}${one.variadic ? '...' : ''}>` : `[${one.name()}]`,
  )
  const own = [
    `## ${name}`,
    '',
    `${command.description()}.`,
    '',
    ...(usage.length > 0 ? [`\`${[name, ...usage].join(' ')}\``, ''] : []),
    ...flags(command.options.filter((option) => !option.hidden)),
  ]
  return [...own, ...command.commands.flatMap((one) => sections(one as Command, name))]
}

function flags(options: readonly Option[]): string[] {
  if (options.length === 0) return []
  const rows = options.map(
    (option) => `| \`${cell(option.flags)}\` | ${cell(meaning(option)).replaceAll('<', '\\<')} |`,
  )
  return ['| flag | |', '| --- | --- |', ...rows, '']
}

function meaning({ description, argChoices, defaultValue, envVar }: Option): string {
  const facts = [
    argChoices ? `one of ${argChoices.map((one) => `\`${one}\``).join(', ')}` : '',
    isTold(defaultValue) ? `default \`${defaultValue}\`` : '',
    envVar ? `or \`${envVar}\`` : '',
  ].filter((fact) => fact !== '')
  return [description, ...facts].join('; ')
}

/** Folders of whoever makes this page are nobody's default. */
function isTold(value: unknown): boolean {
  return (typeof value === 'string' && !value.startsWith('/')) || typeof value === 'number'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(join(import.meta.dirname, '../docs/commands.md'), await commandsPage())
}
