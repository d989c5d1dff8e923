import { homedir } from 'node:os'
import { join } from 'node:path'
import { formatBytes, formatCount, runCommand } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { pino } from 'pino'
import { serveShaman } from './serve.ts'
import { openShaman, type Shaman } from './shaman.ts'

interface StoreOptions {
  storage: string
  state?: string
  json?: boolean
}

/** Adds `farm shaman …`. */
export function register(program: Command): void {
  const shaman = program
    .command('shaman')
    .description('Serve and look after a content-addressed store')

  withStore(shaman.command('serve').description('Serve a store by itself, without a manager'))
    .option('--host <address>', 'address to listen on', '0.0.0.0')
    .option('--port <number>', 'port to listen on', '8081')
    .option('--durability <mode>', 'full, batch or none', 'full')
    .action((options) => runCommand(() => serve(options)))

  withStore(shaman.command('stats').description('Tell how much a store holds'))
    .option('--json', 'print JSON')
    .action((options: StoreOptions) => runCommand(() => stats(options), options))

  withStore(shaman.command('rebuild').description('Recreate the index of a store from its files'))
    .option('--json', 'print JSON')
    .action((options: StoreOptions) => runCommand(() => rebuild(options), options))
}

function withStore(command: Command): Command {
  return command
    .requiredOption('--storage <directory>', 'storage root: holds file-store/ and jobs/')
    .option('--state <directory>', 'directory of the index, on a local disk')
}

async function serve(
  options: StoreOptions & { host: string; port: string; durability: 'full' | 'batch' | 'none' },
): Promise<void> {
  const log = pino()
  const shaman = await openShaman({
    root: options.storage,
    stateDir: stateDirOf(options),
    durability: options.durability,
    log,
  })
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
  const facts = await withShaman(options, (shaman) => shaman.stats())
  if (options.json) return print(JSON.stringify(facts))
  print(`blobs       ${formatCount(facts.blobs, 'blob')}, ${formatBytes(facts.bytes)}`)
  print(
    `referenced  ${formatCount(facts.referencedBlobs, 'blob')}, ${formatBytes(facts.referencedBytes)}`,
  )
  print(`checkouts   ${facts.checkouts}`)
  print(`free        ${formatBytes(facts.freeBytes)}`)
}

async function rebuild(options: StoreOptions): Promise<void> {
  const found = await withShaman(options, (shaman) => shaman.rebuild())
  if (options.json) return print(JSON.stringify(found))
  print(`found ${formatCount(found.blobs, 'blob')}, ${formatBytes(found.bytes)}`)
}

async function withShaman<T>(
  options: StoreOptions,
  action: (shaman: Shaman) => Promise<T>,
): Promise<T> {
  const shaman = await openShaman({ root: options.storage, stateDir: stateDirOf(options) })
  try {
    return await action(shaman)
  } finally {
    await shaman.close()
  }
}

function stateDirOf({ state }: StoreOptions): string {
  const base = process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state')
  return state ?? join(base, 'shaman-farm', 'store')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
