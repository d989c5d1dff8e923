import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import type { Answer } from './question.ts'

const docs = join(import.meta.dirname, '../../docs')

/** Writes docs/benchmarks.md and the charts beside it. */
export async function writeReport(report: {
  machine: Machine
  quick: boolean
  answers: Record<string, Answer & { question: string }>
}): Promise<void> {
  await mkdir(join(docs, 'charts'), { recursive: true })
  const sections: string[] = []
  for (const [name, answer] of Object.entries(report.answers)) {
    for (const [file, svg] of Object.entries(answer.charts ?? {}))
      await writeFile(join(docs, 'charts', file), svg)
    sections.push(sectionOf(name, answer))
  }
  await writeFile(join(docs, 'benchmarks.md'), `${headOf(report)}\n${sections.join('\n')}`)
}

function headOf({ machine, quick }: { machine: Machine; quick: boolean }): string {
  const facts = [
    machine.processor,
    `${machine.memoryGiB} GiB`,
    machine.system,
    `Node ${machine.node}`,
    machine.blender,
  ]
  return `# Benchmarks

Measured on ${machine.date} with \`npm run bench -- --docs${quick ? ' --quick' : ''}\` (${facts.filter(Boolean).join(', ')}).
Each figure stands beside its baseline of the same run; read the ratios, machines differ. Traps: [bench/README.md](../bench/README.md).
`
}

function sectionOf(name: string, answer: Answer & { question: string }): string {
  const charts = Object.keys(answer.charts ?? {}).map(
    (file) => `![${answer.question}](charts/${file})\n`,
  )
  const tables = answer.tables.map(
    (table) =>
      `**${table.title}**\n\n${[table.columns, table.columns.map(() => '---'), ...table.rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`,
  )
  const figures = answer.figures
    .filter((figure) => figure.target)
    .map(
      (f) =>
        `| ${f.name} | ${Number(f.value.toPrecision(4))} ${f.unit} | ${f.target} | ${f.met ? 'met' : '**not met**'} | ${f.baseline ?? ''} |`,
    )
  const targets =
    figures.length > 0
      ? [
          '| figure | measured | target | | baseline |',
          '| --- | --- | --- | --- | --- |',
          ...figures,
          '',
        ].join('\n')
      : ''
  return [
    `## ${answer.question}`,
    `\`npm run bench -- ${name}\``,
    ...charts,
    ...tables,
    targets,
  ].join('\n\n')
}
