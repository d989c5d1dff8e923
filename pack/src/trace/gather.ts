import { BlendError } from '../blend/errors.ts'
import type { BlendFile } from '../blend/reader.ts'
import type { Disk } from './disk.ts'
import { collectImageUses, type FrameRange, type FrameUse } from './image-uses.ts'
import { type OpenFiles, openFiles } from './open-files.ts'
import type { PathMapping } from './stored-path.ts'
import { visitBlend } from './visit.ts'
import { createVisits, type GatheredBlend, type Visit } from './visits.ts'

export interface GatherOptions {
  readonly blend: string
  readonly disk: Disk
  /** Where the file is to be thought of, if it is a copy made elsewhere. */
  readonly as?: string | undefined
  readonly all?: boolean | undefined
  readonly mappings?: readonly PathMapping[] | undefined
  /** Only this file, not its libraries. */
  readonly alone?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBlend?: ((blend: string) => void) | undefined
}

/** All paths that a .blend and its libraries hold, not yet looked up on disk. */
export interface Gathered {
  readonly main: GatheredBlend
  readonly blends: readonly GatheredBlend[]
  /** The frames in which an image is shown; undefined if nobody knows. */
  usesOf(blend: string, image: string): readonly FrameUse[] | undefined
  /** From the first frame of any scene of the main file to the last. */
  readonly sceneFrames: FrameRange | undefined
}

/** Reads a .blend and, as far as it needs them, its libraries. */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const { all = false, alone = false, mappings } = options
  const visits = createVisits(options.as ?? options.blend, options.blend)
  const { main } = visits
  const images = collectImageUses()
  const files = openFiles()
  let sceneFrames: FrameRange | undefined
  try {
    for (let next: Visit | undefined = main; next; next = alone ? undefined : visits.next()) {
      options.signal?.throwIfAborted()
      options.onBlend?.(next.blend.path)
      const file = await openInto(next, files, options.disk)
      if (file) visitBlend(next, file, { all, mappings, visits, images })
      else next.wanted.clear()
      if (file && next === main) sceneFrames = framesOfScenes(file)
      // Reading is synchronous; between files others get their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    files.closeAll()
  }
  const blends = alone ? [main.blend] : [...visits.all()].map(({ blend }) => blend)
  return { main: main.blend, blends, usesOf: images.of, sceneFrames }
}

/** Opens a library, or notes why it can't be; the main file's problem is thrown. */
async function openInto(
  { blend, packed, isMain }: Visit,
  files: OpenFiles,
  disk: Disk,
): Promise<BlendFile | undefined> {
  if (blend.error) return undefined
  try {
    if (!packed && !disk.stat(blend.file)) blend.file = disk.findRespelled(blend.file) ?? blend.file
    const file = await files.open(blend.file, packed)
    blend.version = file.header.version
    blend.compression = file.stored.compression
    blend.size = file.stored.fileSize
    return file
  } catch (error) {
    if (isMain || !(error instanceof BlendError)) throw error
    blend.error = error
    return undefined
  }
}

function framesOfScenes(file: BlendFile): FrameRange | undefined {
  let frames: FrameRange | undefined
  for (const block of file.withCode('SC')) {
    const scene = file.structAt(block)
    const [first, last] = [scene?.number('r.sfra') ?? 1, scene?.number('r.efra') ?? 1]
    frames = {
      first: Math.min(frames?.first ?? first, first),
      last: Math.max(frames?.last ?? last, last),
    }
  }
  return frames
}
