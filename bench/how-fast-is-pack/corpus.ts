import { existsSync, globSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

const projects = join(import.meta.dirname, '../../pack/test/projects')
const shared = join(import.meta.dirname, '../../../shared/blendfiles')

/**
 * A project that Blender writes, with every kind of dependency, and the files of the test set beside the repository (or
 * where BLEND_FILES says), if it is there. Files that are damaged on purpose are left out.
 */
export async function gatherCorpus(workDir: string): Promise<string[]> {
  const root = join(workDir, 'generated')
  await mkdir(root)
  const movie = join(root, 'movie.avi')
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=16x16:rate=5:duration=1']
  await execa('ffmpeg', ['-v', 'error', ...source, '-c:v', 'mjpeg', movie])
  const script = ['--python-exit-code', '3', '--python', join(projects, 'everything.py')]
  await execa('blender', ['-b', '--factory-startup', ...script, '--', root, movie])
  const others = process.env.BLEND_FILES ?? shared
  return [root, ...(existsSync(others) ? [others] : [])].flatMap((cwd) =>
    globSync('**/*.blend', { cwd })
      .filter((name) => !name.includes('corrupt'))
      .sort()
      .map((name) => join(cwd, name)),
  )
}

/** A program that lists what a .blend needs. */
export interface Bat {
  command: string
  args: string[]
}

/** How Blender Asset Tracer is started here, if it is installed (BAT_PYTHON: with which Python). */
export async function findBat(): Promise<Bat | undefined> {
  const command = process.env.BAT_PYTHON ?? 'python3'
  const args = ['-m', 'blender_asset_tracer']
  const { exitCode } = await execa(command, [...args, 'version'], { reject: false })
  return exitCode === 0 ? { command, args: [...args, '-q', 'list'] } : undefined
}
