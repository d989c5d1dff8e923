import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PackError, systemCode } from '../errors.ts'
import type { TracedFile } from '../trace/model.ts'
import { anchoringOf } from '../trace/stored-path.ts'
import { tracePack } from '../trace/trace.ts'
import { type PackInfo, packInfoName } from './pack-info.ts'

/** Something in a pack that would not work on another machine. */
export interface PackDefect {
  readonly kind: 'missing' | 'outside' | 'absolute' | 'unreadable'
  readonly path: string
  readonly stored: string
  readonly blend: string
  readonly users: readonly string[]
}

export interface PackCheck {
  readonly info: PackInfo
  /** Paths that were followed. */
  readonly files: number
  readonly defects: readonly PackDefect[]
}

/** Follows every path of a pack in a folder: all must lead to a file inside it. Needs no Blender. */
export async function verifyPack(dir: string): Promise<PackCheck> {
  const info = await readInfo(dir)
  const trace = await tracePack({ blend: join(dir, info.blend), project: dir })
  const known = new Set(info.missing)
  const defects = trace.files.flatMap((file) => defectOf(file, known))
  return { info, files: trace.files.length, defects }
}

function defectOf(file: TracedFile, knownMissing: ReadonlySet<string>): PackDefect[] {
  const kind = kindOf(file, knownMissing)
  if (!kind) return []
  const { path, stored, blend } = file
  const users = file.users.map((user) => `${user.block}.${user.property}`)
  return [{ kind, path, stored, blend, users }]
}

function kindOf(file: TracedFile, known: ReadonlySet<string>): PackDefect['kind'] | undefined {
  switch (file.status) {
    case 'missing':
    case 'gap':
      return known.has(file.stored) ? undefined : 'missing'
    case 'case-mismatch':
      return 'missing'
    case 'outside':
    case 'unreadable':
      return file.status
    case 'ok':
      return movesAlong(file) ? undefined : 'absolute'
  }
}

/** Inside a USD layer, paths that begin with a name start at the layer. */
function movesAlong({ stored, within }: TracedFile): boolean {
  const anchoring = anchoringOf(stored)
  return anchoring === 'blend' || (within !== undefined && anchoring === 'working-directory')
}

async function readInfo(dir: string): Promise<PackInfo> {
  try {
    return parseInfo(await readFile(join(dir, packInfoName), 'utf8'))
  } catch (error) {
    const isAbsent = systemCode(error) === 'ENOENT'
    const reason = isAbsent ? `it has no ${packInfoName}` : `${packInfoName} can't be read`
    throw new PackError('NOT_A_PACK', `${dir} is no pack: ${reason}`, {
      hint: 'Name a folder made by farm pack folder, or an unpacked archive.',
      cause: error,
    })
  }
}

function parseInfo(json: string): PackInfo {
  const info = JSON.parse(json) as Partial<PackInfo> | null
  if (typeof info?.blend === 'string' && Array.isArray(info.missing)) return info as PackInfo
  throw new Error('It does not name the scene, or not what was missing')
}
