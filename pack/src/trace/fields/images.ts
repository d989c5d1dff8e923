import type { BlendStruct } from '../../blend/reader.ts'
import { readFrameUse } from '../image-uses.ts'
import type { Expansion } from '../references.ts'
import { emitField, type FieldReader, nameOf, readString } from './context.ts'

const source = { file: 1, sequence: 2, movie: 3, generated: 4, viewer: 5, tiled: 6 }

/** An image's own path, and those of the further views of a stereo image. */
export const readImage: FieldReader = (image, context) => {
  if (isPackedImage(image)) return
  const kindOfSource = image.number('source') ?? source.file
  const expansion = expansionOf(image, kindOfSource)
  if (!expansion) return
  const kind = kindOf(kindOfSource, expansion)
  emitField(image, 'name', context, { kind, property: 'filepath', expansion })
  const main = image.text('name')
  const views = [...image.list('views')]
  for (const view of views) {
    // A single view is what an image had when it was last shown; its path may be of the past.
    if (views.length < 2 && !view.text('filepath')?.equals(main ?? Buffer.alloc(0))) continue
    const property = `views[${JSON.stringify(nameOf(view, 'name'))}].filepath`
    emitField(view, 'filepath', context, { kind, property, expansion })
  }
}

function kindOf(
  kindOfSource: number,
  expansion: Expansion,
): 'image' | 'sequence' | 'movie' | 'tile' {
  if (expansion.as === 'tiles') return 'tile'
  if (expansion.as === 'sequence') return 'sequence'
  return kindOfSource === source.movie ? 'movie' : 'image'
}

function isPackedImage(image: BlendStruct): boolean {
  return image.isSet('packedfile') || image.isSet('packedfiles.first')
}

function expansionOf(image: BlendStruct, kindOfSource: number): Expansion | undefined {
  switch (kindOfSource) {
    case source.sequence:
      return { as: 'sequence' }
    case source.tiled:
      return { as: 'tiles', tiles: [...image.list('tiles')].map((tile) => tileNumber(tile)) }
    case source.generated:
    case source.viewer:
      return undefined
    default:
      return { as: 'file' }
  }
}

function tileNumber(tile: BlendStruct): number {
  return tile.number('tile_number') ?? 1001
}

/** A user of an image that says which frames it shows: textures, background images, empties. */
export function readImageUser(imageField: string, userField: string): FieldReader {
  return (struct, context) => {
    const image = struct.target(imageField)
    if (image < 0) return
    const user = struct.embedded(userField) ?? struct.follow(userField)
    context.useImage(image, readFrameUse(user), '')
  }
}

/** An input of geometry nodes that holds an image: another input says which frame. */
export const readImageSocket: FieldReader = (socket, context) => {
  const image = socket.target('value')
  if (image >= 0) context.useImage(image, undefined, '')
}

/** What an F-curve or driver animates may be which frame of a sequence is shown. */
export const readCurve: FieldReader = (curve, context) => {
  const path = readString(curve, 'rna_path')
  if (path) context.animate(path.text)
}

/** Structs that shader and compositor image nodes keep their image user in. */
const storagesWithFrames: Record<string, string> = {
  NodeTexImage: 'iuser',
  NodeTexEnvironment: 'iuser',
  ImageUser: '',
}

const scriptMode = { internal: 0, external: 1 }

/** A node's frames, light profile or script. */
export const readNode: FieldReader = (node, context) => {
  const storage = node.follow('storage')
  const property = `nodes[${JSON.stringify(nameOf(node, 'name'))}].filepath`
  switch (storage?.type.name) {
    case 'NodeShaderTexIES':
      if (storage.number('mode') === scriptMode.external) {
        emitField(storage, 'filepath', context, { kind: 'light-profile', property })
      }
      return
    case 'NodeShaderScript':
      if (storage.number('mode') === scriptMode.external) {
        emitField(storage, 'filepath', context, { kind: 'shader', property })
      }
      return
    default:
      readNodeImage(node, storage, context)
  }
}

function readNodeImage(
  node: BlendStruct,
  storage: BlendStruct | undefined,
  context: Parameters<FieldReader>[1],
): void {
  const image = node.target('id')
  if (image < 0) return
  const userField = storagesWithFrames[storage?.type.name ?? '']
  const user = userField === '' ? storage : userField && storage?.embedded(userField)
  context.useImage(image, readFrameUse(user || undefined), nameOf(node, 'name'))
}
