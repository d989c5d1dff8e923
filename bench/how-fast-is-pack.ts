import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'
import { enlarge } from './how-fast-is-pack/big-blend.ts'
import { findBat, gatherCorpus } from './how-fast-is-pack/corpus.ts'
import { foundOfBat, foundOfBlender } from './how-fast-is-pack/found.ts'
import { type Cost, median, timed, timedEach } from './how-fast-is-pack/timed.ts'

export const question = 'How fast does pack find what a scene needs?'

const scripts = join(import.meta.dirname, 'how-fast-is-pack')
const farm = join(import.meta.dirname, '../bin/src/main.ts')
const listing = [farm, 'pack', 'list', '--json']

// Measured on a like machine, of 44 small files: nearly all of it is Python's start. For where BAT is not installed.
const batFileMs = 176

export async function run(context: QuestionContext): Promise<Answer> {
  const corpus = await measureCorpus(context)
  const big = await measureBigFile(context)
  const again = await measureResubmission(context)
  return {
    tables: [...corpus.tables, ...big.tables, ...again.tables],
    figures: [...corpus.figures, ...big.figures, ...again.figures],
  }
}

/** All files in one process of ours, and a process of Blender Asset Tracer for each. */
async function measureCorpus({ workDir, quick, log }: QuestionContext): Promise<Answer> {
  const files = await gatherCorpus(workDir)
  const bat = await findBat()
  log(`tracing ${files.length} files`)
  const [ours, alone, theirs]: [Cost[], Cost[], Cost[]] = [[], [], []]
  await timed(process.execPath, [...listing, ...files])
  for (let turn = 0; turn < (quick ? 1 : 3); turn += 1) {
    ours.push(await timed(process.execPath, [...listing, ...files]))
    alone.push(await timed(process.execPath, [...listing, files[0]!]))
    if (bat) theirs.push(await timedEach(bat.command, bat.args, files))
  }
  const rows = [
    rowOf('farm pack list, all files', median(ours)),
    rowOf('farm pack list, one file', median(alone)),
    bat ? rowOf('BAT, each file', median(theirs)) : ['BAT, each file', 'not installed', '', ''],
  ]
  const title = `${files.length} files traced, whole processes`
  const tables = [{ title, columns: ['', 'wall ms', 'CPU ms', 'memory MiB'], rows }]
  const [all, one] = [median(ours).wallMs, median(alone).wallMs].map(Math.round) as [number, number]
  const theirMs = bat ? median(theirs).wallMs : batFileMs * files.length
  return {
    tables,
    figures: [
      {
        ...atLeast(`${files.length} small files`, theirMs / all, 20),
        unit: 'x as fast as BAT',
        baseline: bat ? `${Math.round(theirMs)} ms` : `BAT 1.23 elsewhere: ${batFileMs} ms a file`,
        cause: `Of ${all} ms, ${one} pass before the second file: Node starts, and our code is compiled.`,
      },
      await foundOfBlender(workDir),
      ...(bat ? [await foundOfBat(bat, files)] : []),
    ],
  }
}

/** A file of meshes, with few dependencies: what is not looked at should cost nothing. */
async function measureBigFile({ workDir, quick, log }: QuestionContext): Promise<Answer> {
  const gib = quick ? 0.25 : 2
  const blend = join(workDir, 'big.blend')
  await makeScene(join(workDir, 'few', 'few.blend'), 5)
  await enlarge(join(workDir, 'few', 'few.blend'), blend, gib * 2 ** 30)
  log(`reading ${gib} GiB`)
  const [cat, trace]: [Cost[], Cost[]] = [[], []]
  for (let turn = 0; turn < 3; turn += 1) {
    cat.push(await timed('cat', [blend]))
    trace.push(await timed(process.execPath, [...listing, blend]))
  }
  await rm(blend)
  const rows = [rowOf('cat', median(cat)), rowOf('farm pack list', median(trace))]
  const tables = [
    {
      title: `${gib} GiB .blend, few dependencies`,
      columns: ['', 'wall ms', 'CPU ms', 'memory MiB'],
      rows,
    },
  ]
  const ratio = median(trace).wallMs / median(cat).wallMs
  const memory = median(trace).maxRssMiB
  return {
    tables,
    figures: [
      { ...atMost(`${gib} GiB .blend`, ratio, 2), unit: 'x the time of cat' },
      { ...atMost(`${gib} GiB .blend`, memory, 300), unit: 'MiB of memory' },
    ],
  }
}

interface Resubmission {
  files: number
  cached: number
  traceMs: number
  planMs: number
  lookUpMs: number
  cpuMs: number
}

/** Nothing changed since the last time: trace, stat and look up, each time in a new process. */
async function measureResubmission({ workDir, quick, log }: QuestionContext): Promise<Answer> {
  const blend = join(workDir, 'many', 'many.blend')
  const cache = join(workDir, 'hashes')
  await makeScene(blend, 10_000)
  const submit = async (): Promise<Resubmission> => {
    const args = [join(scripts, 'resubmit.ts'), blend, cache]
    return JSON.parse((await execa(process.execPath, args)).stdout)
  }
  const first = await submit()
  // Files just written are not yet believed to be unchanged.
  await sleep(5000)
  await submit()
  const runs: Resubmission[] = []
  for (let turn = 0; turn < (quick ? 1 : 5); turn += 1) runs.push(await submit())
  const total = (one: Resubmission): number => one.traceMs + one.planMs + one.lookUpMs
  const middle = runs.toSorted((a, b) => total(a) - total(b))[runs.length >> 1]!
  if (middle.cached !== middle.files) log(`only ${middle.cached} of ${middle.files} were known`)
  const rows = [['first', first] as const, ['nothing changed', middle] as const].map(
    ([name, one]) => [
      name,
      ...[one.traceMs, one.planMs, one.lookUpMs, total(one), one.cpuMs].map(Math.round),
    ],
  )
  const columns = ['', 'trace ms', 'plan ms', 'stat and look up ms', 'in all ms', 'CPU ms']
  return {
    tables: [{ title: `${middle.files} files submitted again`, columns, rows }],
    figures: [
      { ...atMost(`${middle.files} files, nothing changed`, total(middle) / 1000, 1), unit: 's' },
    ],
  }
}

async function makeScene(blend: string, files: number): Promise<void> {
  const script = join(scripts, 'many-files.py')
  const args = ['-b', '--factory-startup', '--python-exit-code', '3', '--python', script]
  await execa('blender', [...args, '--', blend, String(files)], { timeout: 5 * 60_000 })
}

function rowOf(name: string, { wallMs, cpuMs, maxRssMiB }: Cost): (string | number)[] {
  return [name, ...[wallMs, cpuMs, maxRssMiB].map(Math.round)]
}

function atLeast(name: string, value: number, least: number): Omit<Figure, 'unit'> {
  return { name, value, target: `>= ${least}`, met: value >= least }
}

function atMost(name: string, value: number, most: number): Omit<Figure, 'unit'> {
  return { name, value, target: `<= ${most}`, met: value <= most }
}
