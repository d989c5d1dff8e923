import type { BlendStruct } from '../../blend/reader.ts'
import { decodePath } from '../stored-path.ts'
import { emitStored, type FieldContext, type FieldReader, nameOf } from './context.ts'

const stripType = { image: 0, movie: 3, sound: 4, soundHd: 5 }
const kinds: Record<number, 'image' | 'movie' | 'sound'> = {
  [stripType.image]: 'image',
  [stripType.movie]: 'movie',
  [stripType.sound]: 'sound',
  [stripType.soundHd]: 'sound',
}

/**
 * A strip of the video sequencer. On disk it is a `Sequence` with a `Strip` inside, in every version; images name each
 * frame, so nothing is guessed.
 */
export const readStrip: FieldReader = (sequence, context) => {
  const type = sequence.number('type') ?? -1
  const strip = sequence.follow('strip')
  const kind = kinds[type]
  if (!strip || !kind) return
  const label = `sequence_editor.strips[${JSON.stringify(nameOf(sequence, 'name').slice(2))}]`
  const elements = elementsOf(strip)
  for (const element of type === stripType.image ? elements : elements.slice(0, 1)) {
    const property = type === stripType.image ? `${label}.elements[].filename` : `${label}.filepath`
    emitElement(strip, element, context, { kind, property })
  }
}

function elementsOf(strip: BlendStruct): BlendStruct[] {
  const block = strip.target('stripdata')
  if (block < 0) return []
  const elements: BlendStruct[] = []
  for (let i = 0; ; i += 1) {
    const element = strip.file.structAt(block, i)
    if (!element) return elements
    elements.push(element)
  }
}

function emitElement(
  strip: BlendStruct,
  element: BlendStruct,
  context: FieldContext,
  parts: { kind: 'image' | 'movie' | 'sound'; property: string },
): void {
  const name = decodePath(element.text('name') ?? Buffer.alloc(0))
  const dir = decodePath(strip.text('dir') ?? Buffer.alloc(0))
  const place = strip.place('dir')
  if (name === '' || !place) return
  const joined = dir === '' || /[\\/]$/.test(dir) ? `${dir}${name}` : `${dir}/${name}`
  emitStored(joined, { in: 'directory-field', ...place, name }, context, parts)
}
