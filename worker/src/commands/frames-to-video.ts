import { constants } from 'node:fs'
import { access, glob, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, matchesGlob } from 'node:path'
import { fileURLToPath } from 'node:url'
import { splitShellWords } from '../process/command-line.ts'
import { type CommandContext, CommandError, type RunCommand } from './command.ts'
import { readParameters } from './parameters.ts'
import { assertEndedWell, runLogged } from './subprocess.ts'

export const framesToVideo: RunCommand = async (parameters, context) => {
  const read = readParameters('frames-to-video', parameters)
  const fps = read.number('fps')
  if (fps === 0) throw new CommandError('other', 'frames-to-video: "fps" is 0')
  const inputGlob = read.text('inputGlob')
  const outputFile = read.text('outputFile')
  const exe = await findFfmpeg(read.text('exe'), context.platform)
  const frames = await findFrames(inputGlob)
  if (frames.length === 0) {
    throw new CommandError('missing-file', `frames-to-video: no file matches "${inputGlob}"`)
  }
  await mkdir(dirname(outputFile), { recursive: true })
  const input = await inputArguments(context, { fps, inputGlob, frames })
  const argv = [
    exe,
    ...splitShellWords(read.optionalText('exeArgs')),
    ...read.list('argsBefore'),
    ...input.args,
    ...read.list('args'),
    '-r',
    String(fps),
    outputFile,
  ]
  try {
    assertEndedWell('ffmpeg', argv, await runLogged(argv, context))
  } finally {
    if (input.indexFile) await rm(input.indexFile, { force: true })
  }
  await assertVideo(outputFile)
}

/** A directory of that name is taken as it is, whatever characters it has; then only the last part is a pattern. */
async function findFrames(inputGlob: string): Promise<string[]> {
  const dir = dirname(inputGlob)
  const pattern = basename(inputGlob)
  const names = await readdir(dir).catch(() => undefined)
  if (!names) return (await Array.fromAsync(glob(inputGlob))).sort()
  return names
    .filter((name) => matchesGlob(name, pattern))
    .sort()
    .map((name) => join(dir, name))
}

interface Frames {
  fps: number
  inputGlob: string
  frames: readonly string[]
}

async function inputArguments(
  { platform }: CommandContext,
  { fps, inputGlob, frames }: Frames,
): Promise<{ args: string[]; indexFile?: string }> {
  if (platform !== 'win32') {
    const dir = dirname(inputGlob)
    const isLiteral = dirname(frames[0]!) === dir
    const escaped = isLiteral ? dir.replaceAll(/[\\[\]{}*?]/g, '\\$&') : dir
    const pattern = join(escaped, basename(inputGlob))
    return { args: ['-r', String(fps), '-pattern_type', 'glob', '-i', pattern] }
  }
  // ffmpeg for Windows is built without glob patterns.
  const indexFile = join(dirname(frames[0]!), 'ffmpeg-file-index.txt')
  await writeFile(indexFile, concatIndex(frames, fps))
  return { args: ['-f', 'concat', '-safe', '0', '-i', indexFile], indexFile }
}

/** The concat demuxer's list: each frame and how long it shows. */
export function concatIndex(frames: readonly string[], fps: number): string {
  const entries = frames.map(
    (frame) =>
      `file '${frame.replaceAll('\\', '/').replaceAll("'", `'\\''`)}'\nduration ${1 / fps}\n`,
  )
  return `# ffmpeg concat list, removed when the video is done\n${entries.join('')}`
}

const ownTools = fileURLToPath(new URL('../../tools/', import.meta.url))

/** A bare `ffmpeg` is looked for in the worker's own tools first, then left to the PATH. */
export async function findFfmpeg(
  exe: string,
  platform: NodeJS.Platform,
  tools = ownTools,
): Promise<string> {
  if (exe !== 'ffmpeg' && exe !== 'ffmpeg.exe') return exe
  const suffix = platform === 'win32' ? '.exe' : ''
  const os = platform === 'win32' ? 'windows' : platform
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  for (const name of [`ffmpeg-${os}-${arch}`, `ffmpeg-${os}`, 'ffmpeg']) {
    const file = join(tools, name + suffix)
    if (await isExecutable(file)) return file
  }
  return exe
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function assertVideo(file: string): Promise<void> {
  const info = await stat(file).catch(() => undefined)
  if (!info || info.size === 0) {
    throw new CommandError('output', `ffmpeg ended well, but there is no video at "${file}"`)
  }
}
