import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import { formatBytes } from '@shaman-farm/terminal'
import { quantile } from './harness/quantile.ts'
import type { Answer, QuestionContext } from './harness/question.ts'
import { type ChartGroup, drawChart } from './how-much-does-an-edit-upload/chart.ts'
import {
  fewestBytes,
  figuresOf,
  type Measured,
  ours,
  percent,
} from './how-much-does-an-edit-upload/figures.ts'
import { measureLinks } from './how-much-does-an-edit-upload/links.ts'
import { type Cost, otherTools } from './how-much-does-an-edit-upload/other-tools.ts'
import { measurePace } from './how-much-does-an-edit-upload/pace.ts'
import { edits, makeScene, type Scene } from './how-much-does-an-edit-upload/scenes.ts'
import { type Submitter, startSubmitter } from './how-much-does-an-edit-upload/store.ts'

export const question = 'How much of an edited .blend is uploaded?'

const whole = 'whole file (Flamenco)'

/** Each edit is saved by a Blender process of its own, then sent by everything that can. */
export async function run(context: QuestionContext): Promise<Answer> {
  const answer: Answer = { tables: [], figures: [], charts: {} }
  for (const sizeMiB of context.quick ? [20] : [20, 200]) {
    for (const isCompressed of context.quick ? [false] : [false, true]) {
      context.log(`making ${sizeMiB} MiB ${isCompressed ? 'zstd' : 'uncompressed'}`)
      const scene = await makeScene(context.workDir, { sizeMiB, isCompressed })
      const pace = await measurePace(context.workDir, scene, context.quick ? 2 : 5)
      const measured = await measureScene(context, scene)
      answer.tables.push(tableOf(scene, measured))
      answer.figures.push(...figuresOf(scene, measured, pace))
      if (sizeMiB === 20 && !isCompressed && !context.quick) {
        answer.figures.push(...(await measureLinks(context.workDir, scene)))
      }
      answer.charts![`edit-${sizeMiB}${isCompressed ? '-zstd' : ''}.svg`] = chartOf(scene, measured)
      await rm(join(context.workDir, 'tools'), { recursive: true, force: true })
    }
  }
  return answer
}

async function measureScene(context: QuestionContext, scene: Scene): Promise<Measured[]> {
  const workDir = join(context.workDir, 'tools')
  await mkdir(workDir, { recursive: true })
  const submitter = await startSubmitter(join(workDir, 'ours'), scene.base)
  // Of an uncompressed file both are the same.
  const frugal = scene.isCompressed
    ? await startSubmitter(join(workDir, 'fewest bytes'), scene.base, { prefer: 'bytes' })
    : undefined
  const results: Measured[] = []
  for (const edit of edits) {
    const edited = scene.edited[edit]
    const { size } = await stat(edited)
    const turns = context.quick ? 1 : 5
    const { sent, passMs } = await sendInTurns(submitter, edited, turns)
    const costs = new Map<string, Cost | undefined>([[ours, sent]])
    if (frugal) costs.set(fewestBytes, (await sendInTurns(frugal, edited, turns)).sent)
    const isAsked = !context.quick || edit === edits[0]
    const tools = isAsked ? otherTools : otherTools.filter(({ isArchive }) => !isArchive)
    for (const { name, send } of tools) costs.set(name, await send(workDir, scene.base, edited))
    results.push({ scene, edit, fileBytes: size, passMs, costs })
    context.log(`${scene.name}, ${edit}: ${formatBytes(sent.bytes)} of ${formatBytes(size)}`)
  }
  await submitter.close()
  await frugal?.close()
  return results
}

/** The middle of some, by time, and of the passes of SHA-256 over the file in between. */
async function sendInTurns(
  submitter: Submitter,
  edited: string,
  turns: number,
): Promise<{ sent: Cost & { requests: number }; passMs: number }> {
  const runs = []
  const passes: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    const started = performance.now()
    await digestOfFile(edited)
    passes.push(performance.now() - started)
    runs.push(await submitter.send(edited))
  }
  const sent = runs.toSorted((a, b) => a.wallMs - b.wallMs)[Math.floor(turns / 2)]!
  return { sent, passMs: quantile(passes, 0.5) }
}

function tableOf(scene: Scene, measured: Measured[]): Answer['tables'][number] {
  return {
    title: `${scene.name}: bytes on the wire`,
    columns: ['edit', 'sent by', 'bytes', '% of the file', 'round trips', 'CPU s', 'wall ms'],
    rows: measured.flatMap((one) => [
      [one.edit, whole, formatBytes(one.fileBytes), '100', '2', '', ''],
      ...[...one.costs].map(([name, cost]) => [one.edit, name, ...cellsOf(cost, one)]),
    ]),
  }
}

function cellsOf(cost: Cost | undefined, { fileBytes }: Measured): (string | number)[] {
  if (cost === undefined) return ['not installed', '', '', '', '']
  return [
    formatBytes(cost.bytes),
    percent(cost.bytes, fileBytes).toPrecision(3),
    cost.requests ?? '',
    cost.cpuSeconds.toFixed(2),
    Math.round(cost.wallMs),
  ]
}

function chartOf(scene: Scene, measured: Measured[]): string {
  const groups = measured.map(
    ({ edit, fileBytes, costs }): ChartGroup => ({
      label: edit.replaceAll('-', ' '),
      bars: [
        ...[...costs].flatMap(([label, cost]) => {
          const role = cost?.requests ? ('ours' as const) : ('other' as const)
          return cost ? [{ label, percent: percent(cost.bytes, fileBytes), role }] : []
        }),
        { label: whole, percent: 100, role: 'whole' },
      ],
    }),
  )
  return drawChart(`Bytes sent after an edit, of the file's size (${scene.name} .blend)`, groups)
}
