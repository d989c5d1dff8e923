import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import { type Answer, type Figure, isMissed } from './question.ts'

const docs = join(import.meta.dirname, '../../docs')
const recordFile = join(docs, 'benchmarks.json')

/** An answer with where and when it was found. */
interface Recorded extends Answer {
  question: string
  machine: Machine
  quick: boolean
}

/** Writes docs/benchmarks.md and the charts beside it. Questions not asked this time keep their last answer. */
export async function writeReport(report: {
  machine: Machine
  quick: boolean
  answers: Record<string, Answer & { question: string }>
}): Promise<void> {
  await mkdir(join(docs, 'charts'), { recursive: true })
  const recorded = await readRecorded()
  for (const [name, answer] of Object.entries(report.answers)) {
    const { charts = {}, ...rest } = answer
    for (const [file, svg] of Object.entries(charts))
      await writeFile(join(docs, 'charts', file), svg)
    // A picture's name is enough: it lies beside.
    const names = Object.fromEntries(Object.keys(charts).map((file) => [file, '']))
    const { machine, quick } = report
    recorded[name] = { ...rest, charts: names, machine, quick }
  }
  await writeFile(recordFile, `${JSON.stringify(recorded, null, 2)}\n`)
  const sections = Object.entries(recorded)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, answer]) => sectionOf(name, answer))
  await writeFile(
    join(docs, 'benchmarks.md'),
    `${head}\n${summaryOf(recorded)}\n${sections.join('\n')}`,
  )
}

async function readRecorded(): Promise<Record<string, Recorded>> {
  try {
    return JSON.parse(await readFile(recordFile, 'utf8')) as Record<string, Recorded>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

const head = `# Benchmarks

Written by \`npm run bench -- --docs\`. Each figure stands beside its baseline of the same run; read the ratios, machines
differ. Traps: [bench/README.md](../bench/README.md). The numbers as data: [benchmarks.json](benchmarks.json).
`

function measuredOn({ machine, quick }: Recorded): string {
  const facts = [
    machine.processor,
    `${machine.memoryGiB} GiB`,
    machine.system,
    `Node ${machine.node}`,
    machine.blender,
    quick ? 'small data (`--quick`)' : undefined,
  ]
  return `${machine.date}; ${facts.filter(Boolean).join(', ')}`
}

function sectionOf(name: string, answer: Recorded): string {
  const charts = Object.keys(answer.charts ?? {}).map(
    (file) => `![${answer.question}](charts/${file})\n`,
  )
  const tables = answer.tables.map(
    (table) =>
      `**${table.title}**\n\n${[table.columns, table.columns.map(() => '---'), ...table.rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`,
  )
  return [
    `## ${answer.question}`,
    `\`npm run bench -- ${name}\` (${measuredOn(answer)})`,
    ...charts,
    ...tables,
    ...targetsOf(answer.figures.filter((figure) => figure.target)),
  ].join('\n\n')
}

function targetsOf(figures: readonly Figure[]): string[] {
  if (figures.length === 0) return []
  const rows = figures.map(
    (figure) =>
      `| ${figure.name} | ${Number(figure.value.toPrecision(4))} ${figure.unit} | ${figure.target} | ${isMissed(figure) ? '**not met**' : 'met'} | ${figure.baseline ?? ''} |`,
  )
  const causes = figures
    .filter(isMissed)
    .map(({ name, cause }) => `- **${name}**: ${cause ?? 'cause not known yet'}`)
  const table = [
    '| figure | measured | target | | baseline |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ]
  return [table.join('\n'), ...(causes.length > 0 ? [`Not met:\n\n${causes.join('\n')}`] : []), '']
}

/** What of all that was aimed at is reached, before anything else. */
function summaryOf(recorded: Record<string, Recorded>): string {
  const figures = Object.values(recorded)
    .flatMap((answer) => answer.figures)
    .filter(({ target }) => target)
  const missed = figures.filter(isMissed)
  return `${figures.length - missed.length} of ${figures.length} targets are met${
    missed.length > 0 ? '; those that are not stand with their causes under their question' : ''
  }.\n`
}
