import type { BlendStruct } from '../../blend/reader.ts'
import type { FrameUse } from '../image-uses.ts'
import type { DependencyKind, Expansion, PathPlace, PathReference } from '../references.ts'
import { decodePath } from '../stored-path.ts'

/** What a reader of path fields is given and tells. */
export interface FieldContext {
  /** Of the datablock that the struct belongs to, with its two letters: `OBCube`. */
  readonly ownerName: string
  readonly owner: number
  /** The .blend's path, as the rules for cache directories see it. */
  readonly blend: string
  /** The .blend that the trace began with. */
  readonly mainBlend: string
  /** Also what rendering can't reach. */
  readonly all: boolean
  emit(reference: PathReference): void
  /** An image is shown with these frames (undefined: nobody knows which) by a node of that name, or by no node. */
  useImage(imageBlock: number, frames: FrameUse | undefined, node: string): void
  /** A property of that path changes while the scene plays. */
  animate(rnaPath: string): void
}

/** Reads the paths of one struct type. */
export type FieldReader = (struct: BlendStruct, context: FieldContext) => void

/** What every reference made from a struct has in common, with the parts that differ. */
export interface ReferenceParts {
  readonly kind: DependencyKind
  readonly property: string
  readonly expansion?: Expansion
  readonly optional?: boolean
}

export const asFile: Expansion = { as: 'file' }

/** A path in a `char` array of the struct; nothing for an empty one. */
export function emitField(
  struct: BlendStruct,
  field: string,
  context: FieldContext,
  parts: ReferenceParts,
): void {
  const bytes = struct.text(field)
  const place = struct.place(field)
  if (!bytes || bytes.length === 0 || !place) return
  emitStored(decodePath(bytes), { in: 'field', ...place }, context, parts)
}

/** A path in a string of its own (`char *`). */
export function emitString(
  struct: BlendStruct,
  field: string,
  context: FieldContext,
  parts: ReferenceParts,
): void {
  const string = readString(struct, field)
  if (!string || string.text === '') return
  emitStored(string.text, { in: 'block', block: string.block }, context, parts)
}

export function emitStored(
  stored: string,
  place: PathPlace,
  context: FieldContext,
  parts: ReferenceParts,
): void {
  const { kind, property, expansion = asFile, optional } = parts
  context.emit({
    kind,
    stored,
    block: context.ownerName,
    property,
    expansion,
    place,
    ...(optional ? { optional } : {}),
  })
}

const longestString = 64 * 1024

/** A `char *`: the string, and the block that holds it. */
export function readString(
  struct: BlendStruct,
  field: string,
): { text: string; block: number } | undefined {
  const block = struct.target(field)
  if (block < 0 || struct.file.blocks.size[block]! > longestString) return undefined
  const bytes = struct.file.bytesOf(block)
  const end = bytes.indexOf(0)
  return { text: decodePath(end < 0 ? bytes : bytes.subarray(0, end)), block }
}

/** A name for display, such as a modifier's. */
export function nameOf(struct: BlendStruct, field: string): string {
  return decodePath(struct.text(field) ?? Buffer.alloc(0))
}

/** A directory and a name from fields of their own. */
export function joinStored(dir: string, name: string): string {
  return dir === '' || /[\\/]$/.test(dir) ? `${dir}${name}` : `${dir}/${name}`
}
