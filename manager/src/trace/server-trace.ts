import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TraceRequest, TraceResult } from '@shaman-farm/manager-api'
import type { Shaman } from '@shaman-farm/shaman'
import type { Logger } from 'pino'
import { sacrificeFirst } from '../expendable.ts'
import { FarmError } from '../problems.ts'

const farmProgram = fileURLToPath(new URL('../../../bin/src/main.ts', import.meta.url))
const limits = { atOnce: 2, waiting: 8, timeoutMs: 120_000, outputBytes: 64 * 1024 * 1024 }

type TracedFile = TraceResult['dependencies'][number]

/**
 * Traces a scene that lies in a checkout, with the same tool artists use, in a process of its own: a broken .blend can
 * cost that process, not the manager. Few at a time, few in line, each with a time and an amount it may write.
 */
export function createServerTrace({
  shaman,
  inBucket = false,
  log,
}: {
  shaman: Shaman | undefined
  /** Whether the bytes lie where the tracer cannot read them as files. */
  inBucket?: boolean
  log: Logger
}): (request: TraceRequest) => Promise<TraceResult> {
  let running = 0
  const line: (() => void)[] = []

  const enter = async (): Promise<void> => {
    if (running < limits.atOnce) {
      running += 1
      return
    }
    if (line.length >= limits.waiting) {
      throw new FarmError('BUSY', 'Too many scenes are being traced; try again later')
    }
    await new Promise<void>((resolve) => line.push(resolve))
  }
  const leave = (): void => {
    const next = line.shift()
    if (next) next()
    else running -= 1
  }

  return async ({ checkout_id, blend }) => {
    if (!shaman) throw new FarmError('SHAMAN_DISABLED', 'Shaman is disabled on this manager')
    const root = rootOf(shaman, checkout_id)
    if (inBucket) {
      throw new FarmError(
        'BLOBS_IN_BUCKET',
        'This farm keeps files in a bucket; it cannot trace them',
        {
          hint: 'Trace the scene where it was made: farm pack list FILE.blend',
        },
      )
    }
    const file = await fileIn(root, blend)
    await enter()
    try {
      return resultOf(root, await runPackList(root, file))
    } catch (error) {
      log.warn({ err: error, checkout: checkout_id, blend }, 'scene not traced')
      throw error
    } finally {
      leave()
    }
  }
}

/** The id is looked up, never joined to a path before it is known. */
function rootOf(shaman: Shaman, id: string): string {
  const known = shaman.catalog.get(id)
  if (known) return join(shaman.jobsDir, known.path)
  throw new FarmError('CHECKOUT_UNKNOWN', `There is no checkout ${id}`)
}

async function fileIn(root: string, blend: string): Promise<string> {
  const path = posix.normalize(blend)
  const isInside = !posix.isAbsolute(path) && !path.includes('\\') && !path.startsWith('..')
  const file = join(root, path)
  const facts = isInside ? await stat(file).catch(() => undefined) : undefined
  if (facts?.isFile()) return file
  throw new FarmError('CHECKOUT_UNKNOWN', `There is no file ${blend} in that checkout`)
}

function runPackList(root: string, file: string): Promise<string> {
  const args = [
    '--no-node-snapshot',
    farmProgram,
    'pack',
    'list',
    file,
    '--project',
    root,
    '--json',
  ]
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      args,
      { timeout: limits.timeoutMs, maxBuffer: limits.outputBytes, killSignal: 'SIGKILL' },
      (error, stdout) => {
        if (!error) resolve(stdout)
        else
          reject(
            new FarmError('TRACE_FAILED', `The scene cannot be traced: ${said(stdout, error)}`),
          )
      },
    )
    void sacrificeFirst(child)
  })
}

/** With --json, the tool tells of its own errors in its last line. */
function said(stdout: string, error: Error): string {
  try {
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { message?: unknown }
    if (typeof last.message === 'string') return last.message
  } catch {
    // It ended without a word.
  }
  return (error as { killed?: boolean }).killed
    ? 'it took too long or said too much'
    : 'the tracer failed'
}

/**
 * Whoever can reach the manager may ask this, so nothing is told of the manager's own disk: of what lies outside the
 * checkout only the name that the scene gives it, and not whether it is there.
 */
function resultOf(root: string, output: string): TraceResult {
  const files = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as TracedFile)
  const inside = (path: string): string | undefined => {
    const way = relative(root, path)
    return way === '..' || way.startsWith(`..${sep}`) ? undefined : way.split(sep).join('/')
  }
  const dependencies = files.flatMap((file): TracedFile[] => {
    const blend = inside(file.blend ?? root)
    if (blend === undefined) return []
    const path = inside(file.path)
    const users = file.users.flatMap((user) => {
      const by = inside(user.blend ?? root)
      return by === undefined ? [] : [{ ...user, blend: by }]
    })
    const shown = {
      ...(file.stored === undefined ? {} : { stored: file.stored }),
      kind: file.kind,
      blend,
      users,
    }
    if (path === undefined) return [{ ...shown, path: file.stored ?? '', status: 'outside' }]
    return [
      {
        ...shown,
        path,
        status: file.status,
        ...(file.size === undefined ? {} : { size: file.size }),
      },
    ]
  })
  const count = (...statuses: string[]): number =>
    dependencies.filter(({ status }) => statuses.includes(status)).length
  return {
    dependencies,
    missing: count('missing', 'gap', 'unreadable'),
    outside: count('outside'),
  }
}
