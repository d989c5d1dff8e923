import { formatBytes } from '@shaman-farm/terminal'
import { lineChart } from '../harness/line-chart.ts'
import type { Answer } from '../harness/question.ts'
import type { TableSize } from './tables.ts'

// The first months only fill the farm; from then on it holds what its policies let it hold.
const earlyYear = 2

/** Whether a year is one that a figure stands on. */
export function isCompared(year: number, lastYear: number): boolean {
  return year === earlyYear || year === lastYear
}

/** How a year went, measured from outside the manager. */
export interface Year {
  year: number
  workers: number
  tasks: number
  taskMs: number
  taskWorstMs: number
  submitMs: number
  listMs: number
  /** Known to the database at the year's end. */
  jobs: number
  databaseBytes: number
  tables: TableSize[]
  storeBytes: number
  restartMs: number
}

export function answer(lived: readonly Year[]): Answer {
  const last = lived.at(-1)!
  const early = lived[earlyYear - 1]!
  const compared = `year ${lived.length} to year ${earlyYear}`
  const compare = (name: string, pick: (year: Year) => number, atMost: number) => ({
    name: `${name}, ${compared}`,
    value: pick(last) / pick(early),
    unit: 'x',
    target: `<= ${atMost}`,
    met: pick(last) / pick(early) <= atMost,
  })
  return {
    tables: [
      {
        title: `${lived.length} years: jobs kept 90 days, unused blobs 31 days`,
        columns: [
          'year',
          'workers',
          'tasks',
          'ms a task, median',
          '99 %',
          'submission ms',
          'job list ms',
          'jobs kept',
          'database',
          'store',
          'restart ms',
        ],
        rows: lived.map((year) => [
          year.year,
          year.workers,
          year.tasks,
          year.taskMs.toFixed(2),
          year.taskWorstMs.toFixed(1),
          year.submitMs.toFixed(0),
          year.listMs.toFixed(1),
          year.jobs,
          formatBytes(year.databaseBytes),
          formatBytes(year.storeBytes),
          year.restartMs.toFixed(0),
        ]),
      },
      tablesOfYears(early, last),
    ],
    figures: [
      compare('a task asked for and reported', (year) => year.taskMs, 1.5),
      compare('a submission', (year) => year.submitMs, 1.5),
      {
        ...compare('the database', (year) => year.databaseBytes, 1.5),
        cause: growthOf(early, last),
      },
      compare('the store', (year) => year.storeBytes, 1.2),
      compare('a restart', (year) => year.restartMs, 1.5),
    ],
    charts: {
      'ageing.svg': lineChart({
        title: 'Ten years of a farm, each line relative to its second year',
        xLabel: 'year',
        yLabel: 'times year 2',
        series: [
          {
            name: 'a task asked for and reported',
            values: lived.map((y) => y.taskMs / early.taskMs),
          },
          { name: 'database', values: lived.map((y) => y.databaseBytes / early.databaseBytes) },
          { name: 'store', values: lived.map((y) => y.storeBytes / early.storeBytes) },
          { name: 'restart', values: lived.map((y) => y.restartMs / early.restartMs) },
        ],
      }),
    },
  }
}

function growthOf(early: Year, last: Year): string {
  const grown = last.tables.map(({ name, bytes }) => ({
    name,
    by: bytes - (early.tables.find((table) => table.name === name)?.bytes ?? 0),
  }))
  const { name, by } = grown.toSorted((a, b) => b.by - a.by)[0]!
  return `The table that grew most is ${name}, by ${formatBytes(by)}.`
}

/** What the database consists of, then and now: only workers may have become more. */
function tablesOfYears(early: Year, last: Year): Answer['tables'][number] {
  const found = (year: Year, name: string): TableSize =>
    year.tables.find((table) => table.name === name) ?? { name, rows: 0, bytes: 0 }
  return {
    title: 'The database by tables, with their indexes',
    columns: ['table', ...[early, last].flatMap(({ year }) => [`rows, year ${year}`, 'bytes'])],
    rows: last.tables.map(({ name }) => [
      name,
      ...[early, last].flatMap((year) => {
        const { rows, bytes } = found(year, name)
        return [rows, formatBytes(bytes)]
      }),
    ]),
  }
}
