import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import type { PathCheckResult } from '@shaman-farm/manager-api'
import { CodedError } from '@shaman-farm/terminal/coded-error'
import { FarmError } from '../problems.ts'

/**
 * Whether jobs can be stored there. Whoever reaches the port may ask about any path, so that nothing is written except
 * below the storage this manager has already; of other directories the system is asked for its rights.
 */
export async function checkStoragePath(
  path: string,
  dirs: { ownDir: string; storage: string },
): Promise<PathCheckResult> {
  const cause = await problemWith(path, dirs)
  return {
    path,
    is_usable: cause === undefined,
    cause: cause ?? 'Directory checked successfully.',
  }
}

/** @throws BAD_REQUEST when jobs cannot be stored there, in the words of {@link checkStoragePath} */
export async function needStorage(
  path: string,
  dirs: { ownDir: string; storage: string },
): Promise<void> {
  const { is_usable, cause } = await checkStoragePath(path, dirs)
  if (is_usable) return
  throw new FarmError('BAD_REQUEST', `${path} cannot be the storage: ${cause}`, {
    fields: [{ field: 'storageLocation', message: cause }],
  })
}

async function problemWith(
  path: string,
  { ownDir, storage }: { ownDir: string; storage: string },
): Promise<string | undefined> {
  if (path.trim() === '') return 'An empty path is not suitable as shared storage.'
  if (path.startsWith('\\\\')) {
    return 'UNC paths are not supported, as workers on other platforms cannot use them. Use a drive letter.'
  }
  if (!isAbsolute(path)) return 'A relative path is not suitable; give the whole path.'
  const facts = await stat(path).catch(() => undefined)
  if (!facts) return 'This path does not exist. Create the directory first.'
  if (!facts.isDirectory()) return 'This path is a file, not a directory.'
  if (resolve(path) === resolve(ownDir)) {
    return "This is the manager's own directory; it cannot be the shared storage too."
  }
  const real = await realpath(path)
  const root = await realpath(storage).catch(() => undefined)
  const isOwn = root !== undefined && `${real}${sep}`.startsWith(`${root}${sep}`)
  return isOwn ? tryWriting(real) : askForRights(real)
}

async function askForRights(dir: string): Promise<string | undefined> {
  return access(dir, constants.W_OK | constants.X_OK).then(
    () => undefined,
    (error: Error) => `Files cannot be written there: ${error.message}`,
  )
}

async function tryWriting(dir: string): Promise<string | undefined> {
  const file = join(dir, `flamenco-writability-test-${randomUUID()}.txt`)
  try {
    await writeFile(file, 'written to see whether this directory can be written', { flag: 'wx' })
    return undefined
  } catch (error) {
    return `Files cannot be written there: ${(error as Error).message}`
  } finally {
    await rm(file, { force: true }).catch(() => {})
  }
}

/** Makes the storage directory and makes sure that it can be written; throws in words if not. */
export async function prepareStorage(path: string): Promise<void> {
  const hint = 'Choose another folder with --storage DIR, or give this user the right to write it.'
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    throw new CodedError(
      'STORAGE_UNUSABLE',
      `The storage ${path} cannot be made: ${(cause as Error).message}`,
      { hint, cause },
    )
  }
  const problem = await tryWriting(path)
  if (problem)
    throw new CodedError('STORAGE_UNUSABLE', `The storage ${path} is not usable. ${problem}`, {
      hint,
    })
}
