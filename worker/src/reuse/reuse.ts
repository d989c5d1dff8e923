import { chmod, constants, copyFile, mkdir, rename } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import type { AssignedTask, ReusableFrames } from '@shaman-farm/manager-api'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { existingFrames, frameStem } from '../blender/output-path.ts'
import type { BlobCache } from '../mount-free/blob-cache.ts'
import type { Store } from '../mount-free/store.ts'
import type { RunProgram } from '../process/run-program.ts'
import { frameKeys, listedFrames, withFrames } from './frame-keys.ts'

type Command = AssignedTask['commands'][number]
type Found = ReusableFrames['frames'][number]

/** A frame taken from an earlier render instead of made again. */
export interface ReusedFrame {
  frame: number
  file: string
  from: Found['from']
}

export interface Reuse {
  /** What is left to do. */
  commands: Command[]
  taken: ReusedFrame[]
  /** Under which a frame made now may be taken by others; undefined when it may not. */
  keyOf(frame: number): string | undefined
}

export interface ReuseParts {
  client: WorkerClient
  shaman: Store
  cache: BlobCache
  authorization: string
}

export interface ReuseOptions extends ReuseParts {
  task: AssignedTask
  /** The task's commands with the paths of this machine, one for each of the task's. */
  commands: readonly Command[]
  /** The checkout as the task names it. */
  checkout: string
  run: RunProgram
  signal: AbortSignal
}

/**
 * Takes the frames that were rendered before from the same files by the same command, Blender and platform, and puts
 * them where the task would write them. Only for jobs whose submitter agreed.
 */
export async function reuseFrames(options: ReuseOptions): Promise<Reuse> {
  const { task, signal } = options
  const { files: manifest } = await options.shaman.manifest(task.checkout?.id ?? '', { signal })
  const keys = new Map<number, string>()
  const reuse: Reuse = { commands: [], taken: [], keyOf: (frame) => keys.get(frame) }
  for (const [i, command] of options.commands.entries()) {
    const listed = listedFrames(command)
    const blender = listed && (await versionOf(command, options.run))
    if (!listed || blender === undefined) {
      reuse.commands.push(command)
      continue
    }
    const { checkout } = options
    const platform = `${process.platform}-${process.arch}`
    const identity = { command: task.commands[i]!, checkout, manifest, blender, platform }
    const keyOf = frameKeys(identity)
    for (const frame of listed.frames) keys.set(frame, keyOf(frame))
    const taken = await takeFrames(options, listed.output, await absent(listed), keyOf)
    reuse.taken.push(...taken)
    const left = listed.frames.filter((frame) => !taken.some((one) => one.frame === frame))
    if (left.length > 0) reuse.commands.push(taken.length > 0 ? withFrames(command, left) : command)
  }
  return reuse
}

/** Name and build: two builds of a version may render differently. */
async function versionOf({ parameters }: Command, run: RunProgram): Promise<string | undefined> {
  const said = await run([String(parameters.exe), '--version'])
  const lines = said?.split('\n').map((line) => line.trim()) ?? []
  const telling = lines.filter((line) =>
    /^(Blender \d|build (hash|date|branch|type|platform))/.test(line),
  )
  return telling.length > 0 ? telling.join('\n') : undefined
}

async function absent({ frames, output }: { frames: number[]; output: string }): Promise<number[]> {
  const there = new Set((await existingFrames(output, frames)).map(({ frame }) => frame))
  return frames.filter((frame) => !there.has(frame))
}

async function takeFrames(
  { client, cache, authorization, task, signal }: ReuseOptions,
  output: string,
  frames: readonly number[],
  keyOf: (frame: number) => string,
): Promise<ReusedFrame[]> {
  if (frames.length === 0) return []
  const { frames: found } = await client.farmTaskReusable({
    params: { task_id: task.uuid },
    body: { frames: frames.map((frame) => ({ frame, key: keyOf(frame) })) },
    // What lies on the storage only is put into the store before the answer.
    timeoutMs: 10 * 60_000,
    signal,
  })
  const hold = await cache.hold(found, { signal, authorization })
  try {
    const taken: ReusedFrame[] = []
    for (const one of found) {
      const file = frameStem(output, one.frame) + extname(one.name)
      await put(hold.pathOf(one), file)
      taken.push({ frame: one.frame, file, from: one.from })
    }
    return taken
  } finally {
    hold.release()
  }
}

/** There whole or not at all. */
async function put(blob: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.part`
  await copyFile(blob, draft, constants.COPYFILE_FICLONE)
  await chmod(draft, 0o644)
  await rename(draft, file)
}
