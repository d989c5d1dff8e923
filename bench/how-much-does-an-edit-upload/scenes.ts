import { mkdir, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** What an artist does between two submissions. */
export const edits = [
  'open-and-save',
  'move-object',
  'sculpt',
  'add-mesh',
  'replace-texture',
  'purge',
] as const
export type Edit = (typeof edits)[number]

/** A scene as it was submitted, and as each edit leaves it. */
export interface Scene {
  name: string
  sizeMiB: number
  isCompressed: boolean
  /** Of the base, and of what it holds unpacked. */
  fileBytes: number
  contentBytes: number
  base: string
  edited: Record<Edit, string>
}

const script = join(import.meta.dirname, 'scene.py')

/** Makes a scene and its edits, each saved by a Blender process of its own. */
export async function makeScene(
  workDir: string,
  options: { sizeMiB: number; isCompressed: boolean },
): Promise<Scene> {
  const { sizeMiB, isCompressed } = options
  const name = `${sizeMiB} MiB, ${isCompressed ? 'zstd' : 'uncompressed'}`
  const dir = join(workDir, `scene-${sizeMiB}${isCompressed ? '-zstd' : ''}`)
  await mkdir(dir, { recursive: true })
  const made = join(dir, 'made.blend')
  await blender(['-P', script, '--', 'make', String(sizeMiB), made])
  const base = join(dir, 'base.blend')
  await edit(made, 'open-and-save', base, isCompressed)
  const edited = {} as Record<Edit, string>
  const left = [...edits]
  const makeRest = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      edited[next] = join(dir, `${next}.blend`)
      await edit(base, next, edited[next], isCompressed)
    }
  }
  // Nothing is measured yet, and Blender's start keeps one core busy.
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, makeRest))
  const [{ size: fileBytes }, { size: contentBytes }] = await Promise.all([stat(base), stat(made)])
  return { name, sizeMiB, isCompressed, fileBytes, contentBytes, base, edited }
}

async function edit(from: string, name: Edit, to: string, isCompressed: boolean): Promise<void> {
  await blender([from, '-P', script, '--', name, to, ...(isCompressed ? ['compressed'] : [])])
}

async function blender(args: string[]): Promise<void> {
  const exit = ['--python-exit-code', '3']
  await execa('blender', ['-b', '--factory-startup', ...exit, ...args], { timeout: 10 * 60_000 })
}
