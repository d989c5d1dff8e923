// npm run bench [-- NAME ...] [--quick] [--json FILE] [--docs]
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { formatDuration, formatTable, printProblem } from '@shaman-farm/terminal'
import { describeMachine } from './machine.ts'
import { type Answer, type Figure, isMissed, type Question } from './question.ts'
import { writeReport } from './report.ts'

const folder = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) {
  console.log(`npm run bench [-- NAME ...] [--quick] [--json FILE] [--docs]
  NAME         a question, or part of its name (default: all)
  --quick      smaller data and fewer runs
  --json FILE  write the answers there
  --docs       write docs/benchmarks.md and its charts

Questions:
${questionFiles()
  .map((file) => `  ${basename(file, '.ts')}`)
  .join('\n')}`)
  process.exit(0)
}

const chosen = questionFiles().filter(
  (file) => positionals.length === 0 || positionals.some((part) => basename(file).includes(part)),
)
if (chosen.length === 0) {
  console.error(`No question matches ${positionals.join(', ')}; see npm run bench -- --help`)
  process.exit(2)
}
const answers: Record<string, Answer & { question: string; durationMs: number }> = {}
for (const file of chosen) {
  const name = basename(file, '.ts')
  const { question, run } = (await import(resolve(folder, file))) as Question
  console.log(`\n${question}`)
  const workDir = await emptyFolder(name)
  const started = Date.now()
  try {
    const answer = await run({
      quick: values.quick,
      workDir,
      log: (line) => console.log(`  ${line}`),
    })
    answers[name] = { question, durationMs: Date.now() - started, ...answer }
    print(answer, Date.now() - started)
  } catch (error) {
    // The answers so far took their time: they are kept, and the other questions asked.
    printProblem(error)
    process.exitCode = 1
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}
const machine = await describeMachine()
if (values.json) {
  await writeFile(
    values.json,
    `${JSON.stringify({ machine, quick: values.quick, answers }, null, 2)}\n`,
  )
}
if (values.docs) await writeReport({ machine, quick: values.quick, answers })

function questionFiles(): string[] {
  return globSync('*.ts', { cwd: folder }).sort()
}

// Not under /tmp: on many systems that is memory, and fsync there costs nothing.
async function emptyFolder(name: string): Promise<string> {
  const parent = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'shaman-farm',
    'bench',
  )
  await mkdir(parent, { recursive: true })
  return mkdtemp(join(parent, `${name}-`))
}

function print(answer: Answer, durationMs: number): void {
  for (const table of answer.tables) {
    const columns = table.columns.map((title, i) => ({
      title,
      align: i === 0 ? ('left' as const) : ('right' as const),
    }))
    console.log(
      `\n${table.title}\n${formatTable(
        columns,
        table.rows.map((row) => row.map(String)),
      )}`,
    )
  }
  for (const figure of answer.figures) console.log(sentenceOf(figure))
  console.log(`(${formatDuration(durationMs)})`)
}

function sentenceOf(figure: Figure): string {
  const target = figure.target ? `  target ${figure.target}: ${figure.met ? 'met' : 'NOT met'}` : ''
  const baseline = figure.baseline ? `  (${figure.baseline})` : ''
  const cause = isMissed(figure) && figure.cause ? `\n    ${figure.cause}` : ''
  return `  ${figure.name}: ${round(figure.value)} ${figure.unit}${target}${baseline}${cause}`
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
