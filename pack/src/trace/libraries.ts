import { dirname } from 'node:path'
import type { BlendFile, BlendStruct } from '../blend/reader.ts'
import { longestRead } from '../blend/source.ts'
import { dataBlockName } from './names.ts'
import type { PathReference } from './references.ts'
import { decodePath, type PathMapping, resolveStored } from './stored-path.ts'

/** A .blend that another one links from. */
export interface Library {
  /** Where the library lies, if it is a file of this system. */
  readonly path: string | undefined
  /** For an archive inside this file: where the paths of its data-blocks start. */
  readonly archiveDir?: string | undefined
  readonly packed?: PackedLibrary | undefined
  /** The path that must lead to it; none if it needs no file. */
  readonly reference?: PathReference
}

/** A library inside another file: its bytes, and that file. */
export interface PackedLibrary {
  readonly bytes: Buffer
  readonly within: string
}

const archiveFlag = 1

/** The libraries of a file by block number. */
export function librariesOf(
  file: BlendFile,
  blend: string,
  mappings: readonly PathMapping[] | undefined,
): ReadonlyMap<number, Library> {
  const libraries = new Map<number, Library>()
  for (const block of file.withCode('LI')) {
    const struct = file.structAt(block)
    const library = struct && readLibrary(struct, block, blend, mappings)
    if (library) libraries.set(block, library)
  }
  return libraries
}

function readLibrary(
  struct: BlendStruct,
  block: number,
  blend: string,
  mappings: readonly PathMapping[] | undefined,
): Library | undefined {
  const text = struct.text('name')
  const place = struct.place('name')
  if (!text || text.length === 0 || !place) return undefined
  const stored = decodePath(text)
  const path = resolveStored(stored, dirname(blend), mappings)
  const isArchive = ((struct.number('flag') ?? 0) & archiveFlag) !== 0
  if (isArchive) return { path: undefined, archiveDir: path && dirname(path) }
  if (struct.isSet('packedfile')) {
    const bytes = packedBytes(struct)
    return bytes ? { path, packed: { bytes, within: blend } } : { path: undefined }
  }
  const reference: PathReference = {
    kind: 'library',
    stored,
    block: dataBlockName(struct.file, block),
    property: 'filepath',
    expansion: { as: 'file' },
    place: { in: 'field', ...place },
  }
  return { path, reference }
}

/** What a `PackedFile` holds; undefined if it is damaged or too large to be read at once. */
function packedBytes(library: BlendStruct): Buffer | undefined {
  const { file } = library
  const data = library.follow('packedfile')?.target('data') ?? -1
  if (data < 0 || file.blocks.size[data]! > longestRead) return undefined
  return file.bytesOf(data)
}
