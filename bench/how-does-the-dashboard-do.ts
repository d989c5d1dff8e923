import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'

export const question = 'How does the dashboard do with a lot of everything?'

interface Target {
  most: number
  unit: string
  /** The bound as people read it. */
  words: string
}

const ms = (most: number): Target => ({ most, unit: 'ms', words: `<= ${most}` })
/** By the names that the measuring program gives its figures. */
const targets: Record<string, Target> = {
  'first route, kB': { most: 90, unit: 'kB', words: '<= 90' },
  '1,000 jobs answer to a key, ms': ms(1000),
  'job of 10,000 frames opens, ms': ms(300),
  'a tenth of 10,000 frames drawn anew, ms': ms(30),
  'frames with a blank row': { most: 0, unit: '', words: '0' },
  'log of a million lines opens, ms': ms(500),
  'log of 500 MB opens, ms': ms(500),
  'layout shift of live updates': { most: 0, unit: '', words: '0' },
  'heap, most to first': { most: 1.5, unit: 'x', words: '<= 1.5' },
  'DOM nodes, most to first': { most: 1.5, unit: 'x', words: '<= 1.5' },
}

/**
 * Chromium against a manager in a process of its own; the pages keep their own account. The soak is BENCH_SOAK_HOURS (4) of
 * the page's time compressed into BENCH_SOAK_MINUTES (20); a minute in six seconds with --quick. BENCH_DASHBOARD_ONLY
 * asks only what has that in its name, as `soak`.
 */
export async function run(context: QuestionContext): Promise<Answer> {
  const figures: Record<string, number> = {}
  const errors: string[] = []
  const program = join(import.meta.dirname, '..', 'ui', 'dev', 'measure.ts')
  const args = ['--json', '--dir', context.workDir, ...(context.quick ? ['--quick'] : [])]
  const {
    BENCH_SOAK_HOURS: hours,
    BENCH_SOAK_MINUTES: minutes,
    BENCH_DASHBOARD_ONLY: only,
  } = process.env
  const soak = [
    ...(hours ? ['--soak-hours', hours] : []),
    ...(minutes ? ['--soak-minutes', minutes] : []),
  ]
  const measuring = execa(
    process.execPath,
    [program, ...args, ...soak, ...(only ? ['--only', only] : [])],
    {
      stderr: 'inherit',
      stdout: 'pipe',
      buffer: false,
      reject: false,
    },
  )
  for await (const line of createInterface({ input: measuring.stdout })) {
    const told = JSON.parse(line) as { name: string; figures: Record<string, number | string> }
    context.log(`${told.name}: ${JSON.stringify(told.figures)}`)
    for (const [name, value] of Object.entries(told.figures)) {
      if (typeof value === 'number') figures[name] = value
      else errors.push(`${told.name}: ${value}`)
    }
  }
  const { exitCode } = await measuring
  if (errors.length > 0) throw new Error(errors.join('\n'))
  if (exitCode !== 0) throw new Error(`the measuring program ended with ${exitCode}`)
  return {
    tables: [
      {
        title: 'Everything that was looked at',
        columns: ['what', 'measured'],
        rows: Object.entries(figures).map(([name, value]) => [name, round(value)]),
      },
    ],
    figures: Object.entries(figures).flatMap(([name, value]) => figureOf(name, value, figures)),
  }
}

function figureOf(name: string, value: number, all: Record<string, number>): Figure[] {
  const isLive = name.endsWith('longest task at 200 changes/s, ms')
  const target = isLive ? ms(50) : targets[name]
  if (!target) return []
  const baseline = isLive
    ? `${round(all[`${name.split(':')[0]}: events heard, 1/s`] ?? 0)} events/s heard`
    : soakOf(name, all)
  return [
    {
      name: name.replace(/, (ms|kB)$/, ''),
      value,
      unit: target.unit,
      target: target.words,
      met: value <= target.most,
      ...(baseline ? { baseline } : {}),
    },
  ]
}

function soakOf(name: string, all: Record<string, number>): string | undefined {
  if (!name.endsWith('most to first')) return undefined
  const [hours, minutes] = [all['soak, hours of the page'], all['soak, minutes it took']]
  const events = `${all['events heard']} of ${all['events owed']} events`
  return `${round(hours ?? 0)} h of the page's time compressed into ${round(minutes ?? 0)} min: ${events}, ${all['rounds through all places']} rounds through all places`
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
