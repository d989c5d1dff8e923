import { setTimeout as sleep } from 'node:timers/promises'
import {
  createProgress,
  formatBytes,
  formatCount,
  formatTable,
  runCommand,
  UserError,
} from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { pino } from 'pino'
import { registerGc } from './cli-gc.ts'
import {
  type DirectoryOptions,
  directoryOptions,
  openNamed,
  type StoreOptions,
  storeOptions,
  withStore,
} from './cli-store.ts'
import { countOf, tell, wholeNumber } from './cli-words.ts'
import type { FsckReport, ScrubStatus, StoreStats } from './schemas.ts'
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

interface ServeCommand extends DirectoryOptions {
  host: string
  port: string
  durability: Durability
}

interface ScrubCommand extends StoreOptions {
  rate?: number
  restart?: boolean
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
