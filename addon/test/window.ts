import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Blender, writeScript } from './blender.ts'

const run = promisify(execFile)

/** In pixels from the screen's upper left corner. */
export type Place = readonly [x: number, y: number]

/** A Blender window on a screen of its own that nobody sees. */
export interface Window {
  process: ChildProcess
  /** Everything Blender printed so far. */
  output(): string
  /** Waits until the script has told `name`; answers what it told. */
  told(name: string): Promise<unknown>
  /** A real click, again if Blender does not tell `name` soon: a redraw in the middle of it swallows a click. */
  clickUntil(place: Place, name: string): Promise<void>
  /** Takes a picture of the screen, or of a part of it. */
  picture(file: string, part?: string): Promise<void>
  close(): Promise<void>
}

const width = 1600
const height = 1200
/** Opens Blender's window and runs `code` in it; undefined (and a skip) without the programs for it. */
export async function openWindow(
  t: TestContext,
  blender: Blender,
  code: string,
  args: readonly string[],
  { waitMs = 120_000 }: { waitMs?: number } = {},
): Promise<Window | undefined> {
  if (!(await hasPrograms(t))) return undefined
  const screen = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '+extension', 'GLX'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  )
  const [number] = (await once(screen.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer]
  const env = {
    ...blender.env,
    DISPLAY: `:${number.toString().trim()}`,
    LIBGL_ALWAYS_SOFTWARE: '1',
  }
  const script = await writeScript(blender.dir, 'window.py', code)
  const geometry = ['--window-geometry', '0', '0', `${width}`, `${height}`]
  const child = spawn(
    'blender',
    ['--online-mode', ...geometry, '--python', script, '--', ...args],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      output += piece.toString()
    })
  }
  const close = async (): Promise<void> => {
    await end(child)
    await end(screen)
  }
  t.after(close)
  const picture = async (file: string, part?: string): Promise<void> => {
    await mkdir(join(file, '..'), { recursive: true })
    const crop = part === undefined ? [] : ['-crop', part, '+repage']
    await run('import', ['-window', 'root', ...crop, file], { env })
  }
  const told = async (name: string, forMs: number = waitMs): Promise<unknown> => {
    const marker = `TOLD ["${name}", `
    for (let waited = 0; waited < forMs; waited += 100) {
      const line = output.split('\n').find((each) => each.startsWith(marker))
      if (line && output.includes(`${line}\n`)) return JSON.parse(line.slice(5))[1]
      if (child.exitCode !== null || child.signalCode) throw new Error(`Blender ended: ${output}`)
      await sleep(100)
    }
    throw new Error(`Blender never told ${name}: ${output}`)
  }
  const click = async (x: number, y: number): Promise<void> => {
    // Blender looks at where the pointer is before it looks at the button, and both take it a while.
    const there = `mousemove ${x - 2} ${y} sleep 0.3 mousemove ${x} ${y} sleep 0.5`
    const press = 'mousedown 1 sleep 0.2 mouseup 1 sleep 0.2 mousemove 600 700'
    await run('xdotool', `${there} ${press}`.split(' '), { env })
  }
  return {
    process: child,
    output: () => output,
    told,
    async clickUntil([x, y], name) {
      for (let attempt = 1; ; attempt += 1) {
        await click(x, y)
        try {
          await told(name, 10_000)
          return
        } catch (error) {
          if (attempt === 4 || child.exitCode !== null) throw error
        }
      }
    },
    picture,
    close,
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function hasPrograms(t: TestContext): Promise<boolean> {
  for (const [program, flag] of [
    ['Xvfb', '-help'],
    ['xdotool', '--version'],
    ['import', '-version'],
  ] as const) {
    const isAbsent = await run(program, [flag]).then(
      () => false,
      (error: { code?: string }) => error.code === 'ENOENT',
    )
    if (!isAbsent) continue
    if (process.env.CI === 'true') throw new Error(`${program} is not installed`)
    t.skip(`${program} is not installed: Blender's window cannot be tried`)
    return false
  }
  return true
}
