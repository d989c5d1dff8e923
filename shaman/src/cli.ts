import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createProgress,
  formatBytes,
  formatCount,
  formatTable,
  runCommand,
  UserError,
} from '@shaman-farm/terminal'
import { type Command, InvalidArgumentError } from 'commander'
import { pino } from 'pino'
import {
  type DirectoryOptions,
  directoryOptions,
  openNamed,
  type StoreOptions,
  storeOptions,
  withStore,
} from './cli-store.ts'
import type { Http } from './client/http.ts'
import type {
  BlobCount,
  FsckReport,
  GcPlan,
  GcResult,
  ScrubStatus,
  StoreStats,
  TrashEpoch,
} from './schemas.ts'
import { serveShaman } from './serve.ts'
import type { Durability } from './sync.ts'

/** Adds `farm shaman …`. */
export function register(program: Command): void {
  const shaman = program
    .command('shaman')
    .description('Serve and look after a content-addressed store')

  directoryOptions(
    shaman.command('serve').description('Serve a store by itself, without a manager'),
  )
    .option('--host <address>', 'address to listen on', '0.0.0.0')
    .option('--port <number>', 'port to listen on', '8081')
    .option('--durability <mode>', 'full, batch or none', 'full')
    .action((options: ServeCommand) => runCommand(() => serve(options), options))

  storeOptions(shaman.command('stats').description('Tell how much a store holds')).action(
    (options: StoreOptions) => runCommand(() => stats(options), options),
  )

  directoryOptions(
    shaman.command('rebuild').description('Recreate the index of a store from its files'),
  ).action((options: DirectoryOptions) => runCommand(() => rebuild(options), options))

  storeOptions(
    shaman.command('fsck').description('Compare store, index and checkouts by name and size'),
  )
    .option('--repair', 'mend what can be mended without losing anything')
    .action((options: StoreOptions & { repair?: boolean }) =>
      runCommand(() => fsck(options), options),
    )

  storeOptions(
    shaman.command('scrub').description('Read every blob again and set damaged ones aside'),
  )
    .option('--rate <bytes>', 'read at most this many bytes a second', wholeNumber)
    .option('--restart', 'begin anew instead of continuing')
    .action((options: ScrubCommand) => runCommand(() => scrub(options), options))

  registerGc(shaman.command('gc').description('Collect blobs that no checkout needs'))
}

function registerGc(gc: Command): void {
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

interface ServeCommand extends DirectoryOptions {
  host: string
  port: string
  durability: Durability
}

interface ScrubCommand extends StoreOptions {
  rate?: number
  restart?: boolean
}

interface GcCommand extends StoreOptions {
  maxAge?: number
  targetFree?: number
  erase?: string[]
  evenIfLarge?: boolean
  csv?: boolean
}

async function serve(options: ServeCommand): Promise<void> {
  if (!['full', 'batch', 'none'].includes(options.durability)) {
    throw new UserError(`--durability is full, batch or none, not ${options.durability}`, {
      code: 'BAD_USAGE',
    })
  }
  const log = pino()
  const shaman = await openNamed(options, { durability: options.durability, log })
  const server = await serveShaman({ shaman, host: options.host, port: Number(options.port), log })
  log.info({ url: server.url }, 'store served')
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  await server.close()
  await shaman.close()
}

async function stats(options: StoreOptions): Promise<void> {
  const facts = await withStore(options, (http) => http.json<StoreStats>('/x/stats'))
  tell(options, facts, () => {
    const rows = [
      ['blobs', formatCount(facts.blobs, 'blob'), formatBytes(facts.bytes)],
      [
        'referenced',
        formatCount(facts.referencedBlobs, 'blob'),
        formatBytes(facts.referencedBytes),
      ],
      ['checkouts', facts.checkouts.toLocaleString('en'), ''],
      ['free', '', formatBytes(facts.freeBytes)],
    ]
    return formatTable([{ title: '' }, { title: '' }, { title: '', align: 'right' }], rows)
  })
}

async function rebuild(options: DirectoryOptions): Promise<void> {
  const shaman = await openNamed(options)
  try {
    const found = await shaman.rebuild()
    tell(options, found, () => `found ${countOf(found)}`)
  } finally {
    await shaman.close()
  }
}

async function fsck(options: StoreOptions & { repair?: boolean }): Promise<void> {
  const report = await withStore(options, (http) =>
    http.json<FsckReport>('/x/fsck', { json: { repair: options.repair ?? false } }),
  )
  tell(options, report, () => {
    const lines = report.problems.map(({ kind, path, checkout }) =>
      [kind, path, checkout === undefined ? '' : `in ${checkout}`].join('  ').trimEnd(),
    )
    const found = report.problems.length + report.omitted
    return [
      ...lines,
      `${formatCount(report.blobs, 'blob')} and ${formatCount(report.checkouts, 'checkout')} checked: ` +
        `${formatCount(found, 'problem')}, ${report.repaired} repaired`,
    ].join('\n')
  })
  if (report.problems.length + report.omitted > report.repaired) process.exitCode = 1
}

async function scrub(options: ScrubCommand): Promise<void> {
  const status = await withStore(options, async (http) => {
    const { blobs } = await http.json<StoreStats>('/x/stats')
    const body = {
      ...(options.rate !== undefined && { bytesPerSecond: options.rate }),
      ...(options.restart && { restart: true }),
    }
    let current = await http.json<ScrubStatus>('/x/scrub/start', { json: body })
    const progress = createProgress('scrub', { unit: 'items' })
    while (current.running) {
      await sleep(200)
      current = await http.json<ScrubStatus>('/x/scrub')
      progress.update(current.blobs, Math.max(blobs, current.blobs))
    }
    progress.stop()
    return current
  })
  tell(options, status, () => `${countOf(status)} read, ${status.damaged} damaged`)
  if (status.damaged > 0) process.exitCode = 1
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

function countOf({ blobs, bytes }: BlobCount): string {
  return `${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}`
}

function tell(options: DirectoryOptions, facts: unknown, words: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(facts) : words()}\n`)
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number.')
}
