import { pipeline } from 'node:stream/promises'
import { formatBytes, formatTable, runCommand } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { type StoreOptions, storeOptions, withStore } from './cli-store.ts'
import { countOf, tell, wholeNumber } from './cli-words.ts'
import type { Http } from './client/http.ts'
import type { BlobCount, GcPlan, GcResult, TrashEpoch } from './schemas.ts'

/** Adds `plan`, `apply`, `trash` and `undo`. */
export function registerGc(gc: Command): void {
  const planning = (command: Command): Command =>
    storeOptions(command)
      .option('--max-age <days>', 'collect what was not used for so long (31)', wholeNumber)
      .option(
        '--target-free <bytes>',
        'collect the longest unused until so much is free',
        wholeNumber,
      )
      .option('--erase <checkout...>', 'erase these checkouts, and collect what only they used')

  planning(gc.command('plan').description('Tell what would be collected, and why the rest stays'))
    .option('--csv', 'print what would go, checkouts and blobs, as CSV')
    .action((options: GcCommand) => runCommand(() => plan(options), options))

  planning(gc.command('apply').description('Collect; the blobs stay in the trash for a day'))
    .option('--even-if-large', 'also when more than a fifth of all blobs would go')
    .action((options: GcCommand) => runCommand(() => apply(options), options))

  storeOptions(gc.command('trash').description('List collections that can be undone')).action(
    (options: StoreOptions) => runCommand(() => listTrash(options), options),
  )

  storeOptions(
    gc
      .command('undo')
      .description('Bring back what a collection took')
      .argument('<epoch>', 'its name, as apply and trash tell it'),
  ).action((epoch: string, options: StoreOptions) =>
    runCommand(() => undo(epoch, options), options),
  )
}

interface GcCommand extends StoreOptions {
  maxAge?: number
  targetFree?: number
  erase?: string[]
  evenIfLarge?: boolean
  csv?: boolean
}

async function plan(options: GcCommand): Promise<void> {
  if (options.csv) return withStore(options, (http) => printCsv(http, options))
  const made = await withStore(options, (http) => makePlan(http, options))
  tell(options, made, () => tableOf(made))
}

async function apply(options: GcCommand): Promise<void> {
  const { made, result } = await withStore(options, async (http) => {
    const made = await makePlan(http, options)
    const json = { evenIfLarge: options.evenIfLarge ?? false }
    const result = await http.json<GcResult>(`/x/gc/plans/${made.id}/apply`, { json })
    return { made, result }
  })
  tell(options, result, () =>
    [
      tableOf(made),
      '',
      `removed ${countOf(result.removed)}; undo with: farm shaman gc undo ${result.epoch}`,
    ].join('\n'),
  )
}

function makePlan(http: Http, options: GcCommand): Promise<GcPlan> {
  const json = {
    ...(options.maxAge !== undefined && { maxAgeSeconds: options.maxAge * 24 * 3600 }),
    ...(options.targetFree !== undefined && { targetFreeBytes: options.targetFree }),
    ...(options.erase && { erase: options.erase }),
  }
  return http.json<GcPlan>('/x/gc/plans', { json })
}

async function printCsv(http: Http, options: GcCommand): Promise<void> {
  const { id } = await makePlan(http, options)
  const { body } = await http.stream(`/x/gc/plans/${id}/csv`)
  await pipeline(body, process.stdout, { end: false })
}

function tableOf(made: GcPlan): string {
  const row = (name: string, count: BlobCount): string[] => [
    name,
    count.blobs.toLocaleString('en'),
    formatBytes(count.bytes),
  ]
  const table = formatTable(
    [{ title: '' }, { title: 'blobs', align: 'right' }, { title: 'bytes', align: 'right' }],
    [
      row('all', made.total),
      row('kept: referenced by checkouts', made.kept.referenced),
      row('kept: linked by hand or Flamenco', made.kept.foreign),
      row('kept: in use now', made.kept.pinned),
      row('kept: promised to clients', made.kept.leased),
      row('kept: used recently', made.kept.recent),
      row('to remove', made.removed),
      row('remaining', made.remaining),
    ],
  )
  return made.warning === undefined ? table : `${table}\n\nwarning: ${made.warning}`
}

async function listTrash(options: StoreOptions): Promise<void> {
  const { epochs } = await withStore(options, (http) =>
    http.json<{ epochs: TrashEpoch[] }>('/x/gc/trash'),
  )
  tell(options, epochs, () =>
    epochs.length === 0
      ? 'the trash is empty'
      : epochs.map((epoch) => `${epoch.epoch}  ${countOf(epoch)}`).join('\n'),
  )
}

async function undo(epoch: string, options: StoreOptions): Promise<void> {
  const path = `/x/gc/trash/${encodeURIComponent(epoch)}/undo`
  const restored = await withStore(options, (http) =>
    http.json<BlobCount>(path, { method: 'POST' }),
  )
  tell(options, restored, () => `brought back ${countOf(restored)}`)
}
