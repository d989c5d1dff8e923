import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { layoutOf, newestLayout, openShaman, serveShaman } from '@shaman-farm/shaman'
import { createDeltaSender, createShamanClient, type UploadFile } from '@shaman-farm/shaman/client'
import { formatBytes } from '@shaman-farm/terminal'
import { execa } from 'execa'
import { lineChart } from './harness/line-chart.ts'
import type { Answer, QuestionContext } from './harness/question.ts'
import { type Edit, planProduction } from './how-much-does-a-production-upload/production.ts'
import { blender, filesOf } from './how-much-does-a-production-upload/show.ts'

export const question = 'How much does a production upload over its life?'

const artists = ['ada', 'ben', 'cho']

/** Bytes of one submission by each way of sending it. */
interface Row {
  edit: string
  project: number
  whole: number
  delta: number
  bound: number
  requests: number
  store: number
}

/**
 * Three artists, five sequences, shared libraries and textures; every edit is made by real Blender and submitted to two
 * stores: one that takes whole files (as Flamenco's does) and one that takes what changed inside them.
 */
export async function run(context: QuestionContext): Promise<Answer> {
  const show = join(context.workDir, 'show')
  await blender(['make', show, context.quick ? '0.5' : '1'])
  const whole = await openSide(join(context.workDir, 'whole'))
  const ours = await openSide(join(context.workDir, 'ours'))
  const versions = new Map<string, string>()
  const rows: Row[] = []
  try {
    for (const edit of planProduction(context.quick ? 10 : 60)) {
      const blend = await perform(edit, show)
      const files = await filesOf(blend, show)
      const bound = await lowerBound(files, versions, edit, ours.root)
      const first = await whole.submit(files, 'anybody', false)
      const second = await ours.submit(files, artists[edit.artist]!, true)
      rows.push({
        edit: edit.kind,
        project: sum(files.map((file) => file.digest.size)),
        whole: first.wireBytes,
        delta: second.wireBytes,
        bound,
        requests: second.requests,
        store: second.storeBytes,
      })
      context.log(
        `${rows.length}: ${edit.kind}, whole ${formatBytes(first.wireBytes)}, delta ${formatBytes(second.wireBytes)}`,
      )
    }
  } finally {
    await whole.close()
    await ours.close()
  }
  return answer(rows)
}

interface Side {
  root: string
  submit(
    files: UploadFile[],
    artist: string,
    delta: boolean,
  ): Promise<{ wireBytes: number; requests: number; storeBytes: number }>
  close(): Promise<void>
}

async function openSide(root: string): Promise<Side> {
  await mkdir(root, { recursive: true })
  const shaman = await openShaman({ root: join(root, 'storage'), stateDir: join(root, 'state') })
  const server = await serveShaman({ shaman })
  let count = 0
  return {
    root: join(root, 'storage'),
    async submit(files, artist, withDelta) {
      // Within one machine a whole file may be the quicker way; what counts here is a network's bytes.
      const delta = withDelta
        ? createDeltaSender({ dir: join(root, 'history', artist), prefer: 'bytes' })
        : undefined
      const client = createShamanClient({
        url: server.url,
        clientId: artist,
        ...(delta && { delta }),
      })
      count += 1
      const { receipt } = await client.submit({ files, checkoutPath: `job ${count}` })
      await client.close()
      await delta?.close()
      return {
        wireBytes: receipt.wireBytes,
        requests: receipt.requests,
        storeBytes: (await shaman.stats()).bytes,
      }
    },
    async close() {
      await server.close()
      await shaman.close()
    },
  }
}

/** Does what the artist did, and returns the .blend to submit. */
async function perform(edit: Edit, show: string): Promise<string> {
  const shot = join(show, edit.shot)
  switch (edit.kind) {
    case 'first':
      return shot
    case 'texture':
      await replaceTexture(join(show, edit.target!), edit.seed)
      return shot
    case 'library':
      await blender(['edit', 'add', join(show, edit.target!), String(edit.seed)])
      return shot
    case 'version':
      await blender(['edit', 'move', shot, String(edit.seed), join(show, edit.target!)])
      return join(show, edit.target!)
    case 'rename':
      await rename(dirname(shot), dirname(join(show, edit.target!)))
      return join(show, edit.target!)
    default:
      await blender(['edit', edit.kind, shot, String(edit.seed)])
      return shot
  }
}

async function replaceTexture(file: string, seed: number): Promise<void> {
  const changed = `${file}.tmp.png`
  const noise = `nullsrc=s=384x384,geq=random(${seed})*255:128:128`
  await execa(
    'ffmpeg',
    ['-v', 'error', '-y', '-f', 'lavfi', '-i', noise, '-frames:v', '1', changed],
    { timeout: 60_000 },
  )
  await rename(changed, file)
}

/**
 * What the best delta coder sends that has both versions at hand: the practical lower bound. A file is compared with
 * the last version of the same thing, wherever it was then named.
 */
async function lowerBound(
  files: UploadFile[],
  versions: Map<string, string>,
  edit: Edit,
  store: string,
): Promise<number> {
  let bytes = 0
  const known = new Set(versions.values())
  for (const file of files) {
    const thing = thingOf(file.path, edit)
    const blob = layoutOf(store, newestLayout).blob(file.digest)
    if (!known.has(blob) && 'file' in file.source)
      bytes += await xdelta(file.source.file, versions.get(thing))
    versions.set(thing, blob)
    known.add(blob)
  }
  return bytes
}

function thingOf(path: string, edit: Edit): string {
  return path.startsWith('seq') ? `shot ${edit.sequence}` : basename(path)
}

async function xdelta(file: string, base: string | undefined): Promise<number> {
  const out = `${file}.xdelta`
  const source =
    base && (await stat(base).catch(() => undefined)) ? ['-B', '268435456', '-s', base] : []
  await execa('xdelta3', ['-9', '-S', 'djw', '-e', '-f', ...source, file, out], {
    timeout: 120_000,
  })
  const { size } = await stat(out)
  await rm(out)
  return size
}

function answer(rows: Row[]): Answer {
  const ways = {
    'a copy per job': rows.map((row) => row.project),
    'whole files (Flamenco)': rows.map((row) => row.whole),
    'Shaman Farm': rows.map((row) => row.delta),
    'xdelta3 -9 (lower bound)': rows.map((row) => row.bound),
  }
  const resubmissions = rows.filter((row) => row.edit !== 'first')
  const again = (pick: (row: Row) => number): number => sum(resubmissions.map(pick))
  return {
    tables: [
      {
        title: `Bytes sent over ${rows.length} submissions`,
        columns: ['way', 'in all', 'after the first of each shot'],
        rows: [
          [
            'a copy per job',
            formatBytes(sum(ways['a copy per job'])),
            formatBytes(again((r) => r.project)),
          ],
          [
            'whole files (Flamenco)',
            formatBytes(sum(ways['whole files (Flamenco)'])),
            formatBytes(again((r) => r.whole)),
          ],
          [
            'Shaman Farm',
            formatBytes(sum(ways['Shaman Farm'])),
            formatBytes(again((r) => r.delta)),
          ],
          [
            'xdelta3 -9 (lower bound)',
            formatBytes(sum(ways['xdelta3 -9 (lower bound)'])),
            formatBytes(again((r) => r.bound)),
          ],
        ],
      },
      byKind(rows),
    ],
    figures: [
      {
        name: 'resubmissions, of what whole files send',
        value: (100 * again((r) => r.delta)) / again((r) => r.whole),
        unit: '%',
      },
      {
        name: 'resubmissions, of the lower bound',
        value: again((r) => r.delta) / again((r) => r.bound),
        unit: 'times',
        baseline: 'xdelta3 -9 with both versions at hand',
      },
      { name: 'store at the end', value: (rows.at(-1)?.store ?? 0) / 1e6, unit: 'MB' },
    ],
    charts: {
      'production.svg': lineChart({
        title: 'Bytes sent over a production (cumulative)',
        xLabel: 'submission',
        yLabel: 'MB, logarithmic',
        logarithmic: true,
        series: Object.entries(ways).map(([name, values]) => ({
          name,
          values: cumulative(values.map((v) => v / 1e6)),
        })),
      }),
      'production-store.svg': lineChart({
        title: 'What a production keeps on disk',
        xLabel: 'submission',
        yLabel: 'MB',
        series: [
          { name: 'a copy per job', values: cumulative(rows.map((row) => row.project / 1e6)) },
          { name: 'the store', values: rows.map((row) => row.store / 1e6) },
        ],
      }),
    },
  }
}

function byKind(rows: Row[]): Answer['tables'][number] {
  const kinds = [...new Set(rows.map((row) => row.edit))]
  return {
    title: 'By what was done (mean of a submission)',
    columns: ['edit', 'submissions', 'project', 'whole files', 'Shaman Farm', 'lower bound'],
    rows: kinds.map((kind) => {
      const of = rows.filter((row) => row.edit === kind)
      const mean = (pick: (row: Row) => number): string =>
        formatBytes(sum(of.map(pick)) / of.length)
      return [
        kind,
        of.length,
        mean((r) => r.project),
        mean((r) => r.whole),
        mean((r) => r.delta),
        mean((r) => r.bound),
      ]
    }),
  }
}

function cumulative(values: number[]): number[] {
  let total = 0
  return values.map((value) => (total += value))
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
