import type { BlendFile } from '../blend/reader.ts'
import { PackError } from '../errors.ts'
import { encodePath } from '../trace/stored-path.ts'
import type { PathEdit } from './edits.ts'

/** Bytes to put in place of others in the decompressed file. */
export interface Patch {
  readonly offset: number
  /** Bytes that go. */
  readonly length: number
  readonly bytes: Buffer
}

/** Turns edits into patches, in file order, each place once. */
export function makePatches(file: BlendFile, edits: readonly PathEdit[]): Patch[] {
  const patches = new Map<number, Patch>()
  for (const edit of edits) {
    for (const patch of patchesOf(file, edit)) patches.set(patch.offset, patch)
  }
  return [...patches.values()].sort((a, b) => a.offset - b.offset)
}

function patchesOf(file: BlendFile, edit: PathEdit): Patch[] {
  const { place } = edit.reference
  switch (place.in) {
    case 'field':
      return [patchField(edit, place.offset, place.size, edit.stored)]
    case 'directory-field':
      return [patchField(edit, place.offset, place.size, withoutName(edit.stored, place.name))]
    case 'block':
      return [...patchBlock(file, edit, place.block), ...patchLength(file, edit, place.lengthAt)]
    case 'nowhere':
      return []
  }
}

/** The rest of the field becomes zero, so that what was there before leaves no trace in the digest. */
function patchField(edit: PathEdit, offset: number, size: number, stored: string): Patch {
  const path = encodePath(stored)
  if (path.length >= size) throw tooLong(edit, size)
  const bytes = Buffer.alloc(size)
  path.copy(bytes)
  return { offset, length: size, bytes }
}

function withoutName(stored: string, name: string): string {
  return stored.endsWith(name) ? stored.slice(0, stored.length - name.length) : stored
}

/** A string in a block of its own: the block grows if it must, and its header says so. */
function patchBlock(file: BlendFile, edit: PathEdit, block: number): Patch[] {
  const { blocks, header } = file
  const path = encodePath(edit.stored)
  const old = blocks.size[block]!
  const size = Math.max(old, (path.length + 4) & ~3)
  const offset = blocks.offset[block]!
  const data = patchField(edit, offset, size, edit.stored)
  if (size === old) return [data]
  const inHeader = header.layout === 'large' ? 16 : 4
  const at = offset - blocks.headerSize + inHeader
  return [patchInteger(file, at, size, header.layout === 'large' ? 8 : 4), { ...data, length: old }]
}

function patchLength(file: BlendFile, edit: PathEdit, at: number | undefined): Patch[] {
  return at === undefined ? [] : [patchInteger(file, at, encodePath(edit.stored).length + 1, 4)]
}

function patchInteger({ header }: BlendFile, at: number, value: number, size: 4 | 8): Patch {
  const bytes = Buffer.alloc(size)
  if (size === 8) bytes.writeBigInt64LE(BigInt(value))
  else if (header.littleEndian) bytes.writeInt32LE(value)
  else bytes.writeInt32BE(value)
  return { offset: at, length: size, bytes }
}

function tooLong({ reference: { block, property }, stored }: PathEdit, size: number): PackError {
  const message = `The path of ${block} (${property}) in the pack is longer than ${size - 1} bytes`
  return new PackError('PATH_TOO_LONG', message, {
    detail: { block, property, stored, size },
    hint: 'Move the file, or choose a project directory that holds it.',
  })
}
