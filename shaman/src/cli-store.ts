import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { type Command, Option } from 'commander'
import { createHttp, type Http } from './client/http.ts'
import { openShaman } from './open-shaman.ts'
import { serveShaman } from './serve.ts'
import type { Shaman, ShamanOptions } from './shaman.ts'

/** A store by its directories. */
export interface DirectoryOptions {
  storage?: string
  state?: string
  blobsIn?: string
  json?: boolean
}

/** Where a command finds its store: in a directory if one is named, else at the manager that has it open. */
export interface StoreOptions extends DirectoryOptions {
  manager: string
}

/** Adds the options that name a store's directories. */
export function directoryOptions(command: Command): Command {
  return command
    .option('--storage <directory>', 'storage root: holds file-store/ and jobs/')
    .option('--state <directory>', 'directory of the index, on a local disk')
    .option('--blobs-in <place>', 's3://bucket/prefix that holds the bytes of this storage root')
    .option('--json', 'print JSON')
}

/** Adds the options of {@link withStore} to a command. */
export function storeOptions(command: Command): Command {
  const manager = new Option('--manager <url>', 'the manager to ask when no --storage is named')
  return directoryOptions(command).addOption(
    manager.env('FARM_MANAGER').default('http://localhost:8080'),
  )
}

/**
 * Runs an action against a store's HTTP interface, at a manager or served for the moment on a loopback port: one way of asking,
 * whoever has the store open.
 */
export async function withStore<T>(
  options: StoreOptions,
  action: (http: Http) => Promise<T>,
): Promise<T> {
  if (options.storage === undefined) return await withHttp(options.manager, action)
  const shaman = await openNamed(options)
  try {
    // A server answers while it still counts; a command prints once, so it waits for the whole truth.
    await shaman.ready
    const server = await serveShaman({ shaman })
    try {
      return await withHttp(server.url, action)
    } finally {
      await server.close()
    }
  } finally {
    await shaman.close()
  }
}

/** Opens the store that a command's options name. */
export async function openNamed(
  options: DirectoryOptions,
  more: Partial<ShamanOptions> = {},
): Promise<Shaman> {
  return await openShaman({
    root: storageOf(options),
    stateDir: stateDirOf(options),
    // The client of S3 takes a while to load, and few need it.
    ...(options.blobsIn !== undefined && {
      blobsIn: (await import('./blobs/open-s3.ts')).openS3(options.blobsIn),
    }),
    ...more,
  })
}

/** The storage root that was named; a usage problem when there is none. */
function storageOf({ storage }: DirectoryOptions): string {
  if (storage !== undefined) return storage
  throw new UserError('Which store?', {
    code: 'STORE_NOT_NAMED',
    hint: 'Give --storage DIRECTORY.',
  })
}

/** The index's directory: as told, or in the user's state directory. */
function stateDirOf({ state }: DirectoryOptions): string {
  const base = process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state')
  return state ?? join(base, 'shaman-farm', 'store')
}

async function withHttp<T>(url: string, action: (http: Http) => Promise<T>): Promise<T> {
  const http = createHttp({ url, retries: 1 })
  try {
    return await action(http)
  } finally {
    await http.close()
  }
}
