import type { BlendFile } from '../blend/reader.ts'
import { encodePath } from '../trace/stored-path.ts'
import type { PathEdit } from './edits.ts'

/** Bytes to put in place of others in the decompressed file. */
export interface Patch {
  readonly offset: number
  /** Bytes that go. */
  readonly length: number
  readonly bytes: Buffer
}

/** A path too long for the field that has to hold it. */
export class RewriteError extends Error {
  override readonly name = 'RewriteError'
  readonly code = 'PATH_TOO_LONG'
  readonly hint = 'Move the file, or choose a project directory that holds it.'
  readonly detail: Readonly<Record<string, unknown>>

  constructor(edit: PathEdit, size: number) {
    const { block, property } = edit.reference
    super(`The path of ${block} (${property}) in the pack is longer than ${size - 1} bytes`)
    this.detail = { block, property, stored: edit.stored, size }
  }
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
      return patchBlock(file, edit, place.block)
    case 'nowhere':
      return []
  }
}

/** The rest of the field becomes zero, so that what was there before leaves no trace in the digest. */
function patchField(edit: PathEdit, offset: number, size: number, stored: string): Patch {
  const path = encodePath(stored)
  if (path.length >= size) throw new RewriteError(edit, size)
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
  const lengthField = Buffer.alloc(header.layout === 'large' ? 8 : 4)
  if (header.layout === 'large') lengthField.writeBigInt64LE(BigInt(size))
  else if (header.littleEndian) lengthField.writeInt32LE(size)
  else lengthField.writeInt32BE(size)
  const inHeader = header.layout === 'large' ? 16 : 4
  const at = offset - blocks.headerSize + inHeader
  return [
    { offset: at, length: lengthField.length, bytes: lengthField },
    { ...data, length: old },
  ]
}
