import { resolve } from 'node:path'
import type { DescribeContext } from './describe.ts'
import type { CrossCheck, TracedFile } from './model.ts'
import type { PlacedBlend } from './resolve.ts'

/** Compares what was traced with what Blender itself lists for the file. */
export function crossCheck(
  listed: readonly string[],
  files: readonly TracedFile[],
  placed: readonly PlacedBlend[],
  { layout }: DescribeContext,
): CrossCheck {
  const blender = new Set(listed.map((path) => layout.lexical(resolve(path))))
  const known = everyPathKnown(files, placed)
  const onlyBlender = [...blender].filter((path) => !known.has(path))
  const onlyPack = files.map(({ path }) => path).filter((path) => !blender.has(path))
  return { listed: blender.size, onlyBlender, onlyPack }
}

/** Blender lists directories and tokens as they are stored, so targets count as found too. */
function everyPathKnown(files: readonly TracedFile[], placed: readonly PlacedBlend[]): Set<string> {
  const known = new Set(files.map((file) => file.path))
  for (const { blend, references } of placed) {
    known.add(blend.path).add(blend.file)
    for (const { reference } of references) known.add(reference.target ?? '')
  }
  return known
}

/** The files that only Blender lists: they travel too, as far as they exist. */
export function describeListed(
  paths: readonly string[],
  blend: string,
  { layout, disk }: DescribeContext,
): TracedFile[] {
  return paths.flatMap((path): TracedFile[] => {
    const entry = disk.stat(path)
    if (!entry?.isFile) return []
    const status = !entry.isReadable ? 'unreadable' : layout.isInside(path) ? 'ok' : 'outside'
    const hint = 'Blender lists it, but no path in the files read leads to it'
    const place = { packPath: layout.packPath(path), size: entry.size }
    return [{ path, stored: path, kind: 'file', status, blend, users: [], ...place, hint }]
  })
}
