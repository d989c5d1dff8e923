import path from 'node:path'
import { chooseLayout } from './choose-layout.ts'
import { crossCheck, describeListed } from './cross-check.ts'
import { describeBlend, describeFiles } from './describe.ts'
import { createDisk } from './disk.ts'
import { lookElsewhere } from './elsewhere.ts'
import { gather } from './gather.ts'
import type { ResolvedReference, Trace, TracedBlend, TraceOptions } from './model.ts'
import { locate, place } from './resolve.ts'
import { withUsdAssets } from './usd-layers.ts'

/** Finds every file that a .blend and the libraries it reaches need, without Blender. */
export async function tracePack(options: TraceOptions): Promise<Trace> {
  const { all, mappings = [], listed, signal } = options
  const blend = path.resolve(options.blend)
  const as = options.as === undefined ? blend : path.resolve(options.as)
  let blendsDone = 0
  const onBlend = (current: string): void =>
    options.onProgress?.({ blend: current, blendsDone: blendsDone++ })
  const disk = createDisk()
  const gathered = await gather({ blend, as, disk, all, mappings, signal, onBlend })

  const located = withUsdAssets(locate(gathered, mappings), disk)
  const layout = chooseLayout(as, located, options.project)
  const placed = located.map((one) => place(one, layout, disk))

  const context = { layout, disk, elsewhere: lookElsewhere(layout.project) }
  const files = describeFiles(placed, context)
  const check = listed && crossCheck(listed, files, placed, context)
  return {
    blend: as,
    project: layout.project,
    files: [...files, ...describeListed(check?.onlyBlender ?? [], as, context)],
    blends: placed.map((one) => describeBlend(one, layout)),
    ...(check ? { crossCheck: check } : {}),
    layout,
    mappings,
  }
}

/** Reads the paths of one .blend alone, all that it holds, and places them as a trace did. */
export async function traceAlone(
  blend: Pick<TracedBlend, 'path' | 'file'>,
  trace: Pick<Trace, 'layout' | 'mappings'>,
): Promise<readonly ResolvedReference[]> {
  const { layout, mappings } = trace
  const disk = createDisk()
  const gathered = await gather({ blend: blend.file, as: blend.path, disk, mappings, alone: true })
  return locate(gathered, mappings)
    .map((one) => place(one, layout, disk))
    .flatMap(({ references }) => references.map(({ reference }) => reference))
}
