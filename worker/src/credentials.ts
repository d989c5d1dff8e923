import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

/** Who the worker is to its manager. The manager knows only the secret's hash. */
export interface Credentials {
  uuid: string
  secret: string
}

export async function readCredentials(home: string): Promise<Credentials | undefined> {
  const text = await readFile(fileIn(home), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const value = parse(text) as { worker_id?: unknown; worker_secret?: unknown } | null
  if (typeof value?.worker_id !== 'string' || typeof value.worker_secret !== 'string') {
    return undefined
  }
  return { uuid: value.worker_id, secret: value.worker_secret }
}

export async function writeCredentials(home: string, { uuid, secret }: Credentials): Promise<void> {
  await mkdir(home, { recursive: true })
  const temporary = `${fileIn(home)}.new`
  const text = stringify({ worker_id: uuid, worker_secret: secret })
  await writeFile(temporary, text, { mode: 0o600, flush: true })
  await rename(temporary, fileIn(home))
}

function fileIn(home: string): string {
  return join(home, 'worker-credentials.yaml')
}
