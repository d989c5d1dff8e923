import { type BlendFile, followPointer } from '../blend/reader.ts'
import { decodePath } from './stored-path.ts'

/** Full name of a data-block, with its two letters: `OBCube`. */
export function dataBlockName(file: BlendFile, block: number): string {
  const id = file.dna.named('ID')
  const field = id?.byName.get('name')
  if (!field || field.offset + field.size > file.blocks.size[block]!) return ''
  const bytes = file.source.read(file.blocks.offset[block]! + field.offset, field.size)
  const end = bytes.indexOf(0)
  return decodePath(end < 0 ? bytes : bytes.subarray(0, end))
}

/** Number of the library block that a placeholder (or a linked and packed data-block) belongs to, or -1. */
export function libraryOf(file: BlendFile, block: number): number {
  const id = file.dna.named('ID')
  const field = id?.byName.get('lib')
  const { blocks, header } = file
  if (!field || field.offset + field.size > blocks.size[block]!) return -1
  const bytes = file.source.read(blocks.offset[block]! + field.offset, header.pointerSize)
  return followPointer(file, bytes, 0, -1)
}
