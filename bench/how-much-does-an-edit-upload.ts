import { copyFile, mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeltaSender } from '@shaman-farm/shaman/client'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import { formatBytes } from '@shaman-farm/terminal'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'
import { type ChartGroup, drawChart } from './how-much-does-an-edit-upload/chart.ts'
import { type Cost, otherTools } from './how-much-does-an-edit-upload/other-tools.ts'
import { type Edit, edits, makeScene, type Scene } from './how-much-does-an-edit-upload/scenes.ts'
import { startSubmitter } from './how-much-does-an-edit-upload/store.ts'

export const question = 'How much of an edited .blend is uploaded?'

const ours = 'Shaman Farm'
const whole = 'whole file (Flamenco)'

interface Measured {
  scene: Scene
  edit: Edit
  fileBytes: number
  requests: number
  costs: Map<string, Cost>
}

interface Pace {
  shaMs: number
  hashAndChunkMs: number
  /** The same file under a name and header that no .blend has. */
  hashAndFastCdcMs: number
}

/** Each edit is saved by a Blender process of its own, then sent by everything that can. */
export async function run(context: QuestionContext): Promise<Answer> {
  const answer: Answer = { tables: [], figures: [], charts: {} }
  for (const sizeMiB of context.quick ? [20] : [20, 200]) {
    for (const isCompressed of [false, true]) {
      context.log(`making ${sizeMiB} MiB ${isCompressed ? 'zstd' : 'uncompressed'}`)
      const scene = await makeScene(context.workDir, { sizeMiB, isCompressed })
      const pace = await measurePace(context, scene)
      const measured = await measureScene(context, scene)
      answer.tables.push(tableOf(scene, measured))
      answer.figures.push(...figuresOf(scene, measured, pace))
      answer.charts![`edit-${sizeMiB}${isCompressed ? '-zstd' : ''}.svg`] = chartOf(scene, measured)
      await rm(join(context.workDir, 'tools'), { recursive: true, force: true })
    }
  }
  return answer
}

/** One SHA-256 pass over the file, and the pass that also chunks it; in turns, the quickest of each. */
async function measurePace({ workDir }: QuestionContext, scene: Scene): Promise<Pace> {
  const delta = createDeltaSender({ dir: join(workDir, 'pace') })
  const other = join(workDir, 'other.bin')
  await copyFile(scene.base, other)
  const file = await open(other, 'r+')
  await file.write('unknown', 0)
  await file.close()
  let [shaMs, hashAndChunkMs, hashAndFastCdcMs] = Array<number>(3).fill(Number.POSITIVE_INFINITY)
  for (let turn = 0; turn < 5; turn++) {
    shaMs = Math.min(shaMs!, await clock(() => digestOfFile(scene.base)))
    hashAndChunkMs = Math.min(hashAndChunkMs!, await clock(() => delta.hash(scene.base)))
    hashAndFastCdcMs = Math.min(hashAndFastCdcMs!, await clock(() => delta.hash(other)))
  }
  await delta.close()
  await rm(other)
  return { shaMs: shaMs!, hashAndChunkMs: hashAndChunkMs!, hashAndFastCdcMs: hashAndFastCdcMs! }
}

async function measureScene(context: QuestionContext, scene: Scene): Promise<Measured[]> {
  const tools = join(context.workDir, 'tools')
  await mkdir(tools, { recursive: true })
  const submitter = await startSubmitter(join(tools, 'ours'), scene.base)
  const results: Measured[] = []
  for (const edit of edits) {
    const edited = scene.edited[edit]
    const { size } = await stat(edited)
    const runs = []
    for (let turn = 0; turn < 3; turn++) runs.push(await submitter.send(edited))
    const best = runs.toSorted((a, b) => a.wallMs - b.wallMs)[1]!
    const costs = new Map<string, Cost>([[ours, best]])
    for (const tool of otherTools) {
      const cost = await tool.send(tools, scene.base, edited)
      if (cost) costs.set(tool.name, cost)
      else context.log(`${tool.name} is not installed: left out`)
    }
    results.push({ scene, edit, fileBytes: size, requests: best.requests, costs })
    context.log(`${scene.name}, ${edit}: ${formatBytes(best.bytes)} of ${formatBytes(size)}`)
  }
  await submitter.close()
  return results
}

function tableOf(scene: Scene, measured: Measured[]): Answer['tables'][number] {
  return {
    title: `${scene.name}: bytes on the wire`,
    columns: ['edit', 'sent by', 'bytes', '% of the file', 'round trips', 'CPU s', 'wall ms'],
    rows: measured.flatMap(({ edit, fileBytes, requests, costs }) => [
      [edit, whole, formatBytes(fileBytes), '100', '2', '', ''],
      ...[...costs].map(([name, cost]) => [
        edit,
        name,
        formatBytes(cost.bytes),
        percent(cost.bytes, fileBytes).toPrecision(3),
        name === ours ? requests : '',
        cost.cpuSeconds.toFixed(2),
        Math.round(cost.wallMs),
      ]),
    ]),
  }
}

function figuresOf(scene: Scene, measured: Measured[], pace: Pace): Figure[] {
  const of = (edit: Edit): Measured => measured.find((each) => each.edit === edit)!
  const share = (edit: Edit): number => percent(of(edit).costs.get(ours)!.bytes, of(edit).fileBytes)
  const atMost = (edit: Edit, most: number): Figure => ({
    name: `${scene.name}: ${edit}`,
    value: share(edit),
    unit: '% of the file',
    target: `<= ${most}`,
    met: share(edit) <= most,
  })
  const wall = of('move-object').costs.get(ours)!.wallMs / pace.shaMs
  const speedOf = (what: string, ms: number): Figure => {
    const value = (100 * pace.shaMs) / ms
    return {
      name: `${scene.name}: hashing and chunking (${what}) in one pass`,
      value,
      unit: '% of SHA-256 speed on one core',
      target: '>= 60',
      met: value >= 60,
      baseline: `${Math.round(pace.shaMs)} ms`,
    }
  }
  const common: Figure[] = [
    {
      name: `${scene.name}: client and server for one edit`,
      value: wall,
      unit: 'x one SHA-256 pass',
      ...(scene.sizeMiB >= 200 && { target: '<= 3', met: wall <= 3 }),
      baseline: `${Math.round(pace.shaMs)} ms`,
    },
    speedOf('by blocks', pace.hashAndChunkMs),
    speedOf('FastCDC', pace.hashAndFastCdcMs),
  ]
  if (scene.isCompressed) return [atMost('move-object', 5), ...common]
  const changed = percent(changedBytes(scene), of('sculpt').fileBytes)
  return [
    atMost('open-and-save', 0.15),
    atMost('move-object', 0.2),
    atMost('sculpt', 0.5 + changed),
    againstXdelta(of('add-mesh')),
    ...common,
  ]
}

/** Positions of every hundredth vertex, 12 bytes each; see scene.py for a vertex's share of the file. */
function changedBytes({ sizeMiB }: Scene): number {
  return ((sizeMiB * 2 ** 20 * 0.9) / 97 / 100) * 12
}

function againstXdelta({ scene, costs }: Measured): Figure {
  const base: Figure = { name: `${scene.name}: add-mesh`, value: Number.NaN, unit: 'x xdelta3 -1' }
  const xdelta = costs.get('xdelta3 -1')
  if (xdelta === undefined) return base
  const value = costs.get(ours)!.bytes / xdelta.bytes
  const baseline = formatBytes(xdelta.bytes)
  return { ...base, value, target: '<= 1.3', met: value <= 1.3, baseline }
}

function chartOf(scene: Scene, measured: Measured[]): string {
  const groups = measured.map(
    ({ edit, fileBytes, costs }): ChartGroup => ({
      label: edit,
      bars: [
        ...[...costs].map(([label, { bytes }]) => ({ label, percent: percent(bytes, fileBytes) })),
        { label: whole, percent: 100 },
      ],
    }),
  )
  return drawChart(`Bytes sent after an edit, of the file's size (${scene.name} .blend)`, groups)
}

function percent(part: number, all: number): number {
  return (100 * part) / all
}

async function clock(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await action()
  return performance.now() - started
}
