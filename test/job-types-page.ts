import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AvailableJobSetting, type AvailableJobType } from '@shaman-farm/manager-api/schemas'
import { runFarm } from './farm.ts'

/** The page with every field of a setting and every setting of the built-in types, as the manager reads them. */
export async function jobTypesPage(): Promise<string> {
  const { stdout } = await runFarm(['job-types', 'list', '--json'])
  const sections = (JSON.parse(stdout) as AvailableJobType[]).flatMap(sectionOf)
  return `${[...intro, ...fieldTable(), ...sections].join('\n').trimEnd()}\n`
}

const intro = [
  '# Job types: reference',
  '',
  'Made from the schema that the manager checks job types with, and from the built-in types as it reads them. What it all',
  'means, and how to write one: [job types](job-types.md).',
  '',
]

interface Schema {
  type?: string
  enum?: readonly string[]
  items?: Schema
  properties?: Record<string, Schema>
}

function fieldTable(): string[] {
  const { properties, required } = AvailableJobSetting as unknown as {
    properties: Record<string, Schema>
    required: readonly string[]
  }
  const rows = Object.entries(properties).map(
    ([name, schema]) =>
      `| \`${name}\` | ${kindOf(schema)} | ${required.includes(name) ? 'yes' : ''} |`,
  )
  return [
    '## The fields of a setting',
    '',
    '| field | values | required |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ]
}

function kindOf({ type, enum: values, items, properties }: Schema): string {
  if (values) return values.map((value) => `\`${value}\``).join(', ')
  if (items) return `a list of ${kindOf(items)}s`
  if (properties) {
    const fields = Object.entries(properties).map(([name, one]) => `\`${name}\`: ${kindOf(one)}`)
    return fields.join('; ')
  }
  if (type === 'string') return 'text'
  if (type === 'boolean') return '`true`, `false`'
  return type === 'object' ? 'an object' : 'anything'
}

function sectionOf({ name, label, description, settings }: AvailableJobType): string[] {
  return [
    `## ${name}`,
    '',
    `*${label}.* ${description ?? ''}`.trim(),
    '',
    '| setting | type | default | shown in | |',
    '| --- | --- | --- | --- | --- |',
    ...settings.map(settingRow),
    '',
  ]
}

const shownIn: Readonly<Record<string, string>> = {
  visible: 'Blender, dashboard',
  submission: 'Blender',
  web: 'dashboard',
  hidden: '',
}

function settingRow(setting: AvailableJobSetting): string {
  const { key, type, subtype, choices, visible = 'visible' } = setting
  const kind = choices ? choices.map((one) => `\`${one}\``).join(', ') : (subtype ?? type)
  const cells = [`\`${key}\``, kind, defaultOf(setting), shownIn[visible]!, factsOf(setting)]
  return `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

function defaultOf({ default: value }: AvailableJobSetting): string {
  return value === undefined || value === '' ? '' : `\`${JSON.stringify(value)}\``
}

function factsOf(setting: AvailableJobSetting): string {
  const { description, required, editable, propargs, eval: expression } = setting
  const range = Object.entries(propargs ?? {}).map(([name, value]) => `${name} ${value}`)
  const facts = [
    typeof description === 'string' ? description.replace(/\.$/, '') : '',
    required ? 'Required' : '',
    editable === false ? 'Not to be edited' : '',
    range.length > 0 ? `Range: ${range.join(', ')}` : '',
    expression ? `In Blender: \`${expression}\`` : '',
  ]
  return facts.filter((fact) => fact !== '').join('. ')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = join(import.meta.dirname, '../docs/job-types-reference.md')
  await writeFile(page, await jobTypesPage())
}
