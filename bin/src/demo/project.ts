import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { execa } from 'execa'
import fs from 'fs-extra'

export interface DemoProject {
  root: string
  blend: string
  texture: string
}

const script = join(import.meta.dirname, '../../../addon/demo/make_project.py')
const BLENDER_TIMEOUT_MS = 5 * 60_000

/** Copies the demo project to a folder, making it with Blender the first time (and again when its script changes). */
export async function makeProject(options: {
  into: string
  say?: (line: string) => void
}): Promise<DemoProject> {
  const cached = join(cacheDirectory(), `demo-project-${await versionOf(script)}`)
  if (!existsSync(cached)) {
    options.say?.('making the demo project with Blender (once)')
    await generate(cached)
  }
  await fs.copy(cached, options.into)
  return {
    root: options.into,
    blend: join(options.into, 'shots', 'sh 010', 'main scène.blend'),
    texture: join(options.into, 'assets', 'textures', 'holz ü.png'),
  }
}

/** Gives the wood another colour: the same file name, other bytes. */
export async function changeTexture(project: DemoProject): Promise<void> {
  const changed = `${project.texture}.changed.png`
  await execa('ffmpeg', ['-v', 'error', '-y', '-i', project.texture, '-vf', 'hue=h=140', changed], {
    timeout: 60_000,
  })
  await rename(changed, project.texture)
}

async function generate(target: string): Promise<void> {
  const draft = `${target}.${process.pid}`
  await fs.ensureDir(dirname(target))
  const args = [
    '-b',
    '--factory-startup',
    '--python-exit-code',
    '42',
    '--python',
    script,
    '--',
    draft,
  ]
  const result = await execa('blender', args, {
    reject: false,
    all: true,
    timeout: BLENDER_TIMEOUT_MS,
  })
  if (result.exitCode !== 0) {
    await fs.remove(draft)
    throw new UserError('Blender could not make the demo project', {
      code: 'DEMO_PROJECT_FAILED',
      hint: String(result.all).split('\n').slice(-12).join('\n'),
    })
  }
  // Another run may have been quicker; its project is as good as ours.
  await rename(draft, target).catch(() => fs.remove(draft))
}

async function versionOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 12)
}

function cacheDirectory(): string {
  if (process.platform === 'win32')
    return join(process.env.LOCALAPPDATA ?? homedir(), 'Shaman Farm', 'Cache')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Shaman Farm')
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shaman-farm')
}
