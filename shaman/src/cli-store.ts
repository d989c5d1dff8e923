import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { createHttp, type Http } from './client/http.ts'
import { serveShaman } from './serve.ts'
import { openShaman } from './shaman.ts'

/** Where a command finds its store: in a directory, or at a manager that has it open. */
export interface StoreOptions {
  storage?: string
  state?: string
  manager?: string
  json?: boolean
}

/** Adds the options of {@link withStore} to a command. */
export function storeOptions(command: Command): Command {
  return command
    .option('--storage <directory>', 'storage root: holds file-store/ and jobs/')
    .option('--state <directory>', 'directory of the index, on a local disk')
    .option('--manager <url>', 'ask a running manager instead of opening the store')
    .option('--json', 'print JSON')
}

/**
 * Runs an action against a store's HTTP interface, at a manager or served for the moment on a loopback port: one way of asking,
 * whoever has the store open.
 */
export async function withStore<T>(
  options: StoreOptions,
  action: (http: Http) => Promise<T>,
): Promise<T> {
  if (options.manager !== undefined) return await withHttp(options.manager, action)
  const shaman = await openShaman({ root: storageOf(options), stateDir: stateDirOf(options) })
  try {
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

/** The storage root that was named; a usage problem when there is none. */
export function storageOf({ storage }: StoreOptions): string {
  if (storage !== undefined) return storage
  throw new UserError('Which store?', {
    code: 'STORE_NOT_NAMED',
    hint: 'Give --storage DIRECTORY, or --manager URL while a manager has it open.',
  })
}

/** The index's directory: as told, or in the user's state directory. */
export function stateDirOf({ state }: StoreOptions): string {
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
