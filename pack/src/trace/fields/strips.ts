import { parse } from 'node:path'
import type { BlendStruct } from '../../blend/reader.ts'
import { decodePath } from '../stored-path.ts'
import {
  emitStored,
  type FieldContext,
  type FieldReader,
  joinStored,
  nameOf,
  type ReferenceParts,
} from './context.ts'
import { emitStripProxies } from './strip-proxies.ts'

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
  const isImage = type === stripType.image
  const elements = isImage ? elementsOf(strip) : elementsOf(strip).slice(0, 1)
  const names = elements.map((element) => textOf(element, 'name'))
  const property = isImage ? `${label}.elements[].filename` : `${label}.filepath`
  // The strip keeps its own path of a sound that has been packed.
  const optional = sequence.follow('sound')?.isSet('packedfile') ?? false
  const suffixes = viewSuffixes(sequence, context)
  for (const view of names.flatMap((name) => namesOfViews(name, suffixes))) {
    emitElement(strip, view, context, { kind, property, optional })
  }
  if (context.all && kind !== 'sound') {
    const media = { strip, label, dir: textOf(strip, 'dir'), names, isMovie: kind === 'movie' }
    emitStripProxies(sequence, media, context)
  }
}

const multiView = { flag: 1 << 29, individualFiles: 0 }

/** How the files of a strip's views end, if each view has a file of its own: `_L`, `_R`. */
function viewSuffixes(sequence: BlendStruct, context: FieldContext): string[] {
  if (((sequence.number('flag') ?? 0) & multiView.flag) === 0) return []
  if (sequence.number('views_format') !== multiView.individualFiles) return []
  const scene = sequence.file.structAt(context.owner)
  return [...(scene?.list('r.views') ?? [])].map((view) => nameOf(view, 'suffix'))
}

/** A strip stores one of its views; the others are called like it, with their own suffix before the extension. */
function namesOfViews(name: string, suffixes: readonly string[]): string[] {
  const { name: stem, ext } = parse(name)
  const own = suffixes.find((suffix) => suffix !== '' && stem.endsWith(suffix))
  if (own === undefined) return [name]
  const prefix = stem.slice(0, stem.length - own.length)
  return [name, ...suffixes.filter((s) => s !== own).map((s) => `${prefix}${s}${ext}`)]
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
  name: string,
  context: FieldContext,
  parts: ReferenceParts,
): void {
  const place = strip.place('dir')
  if (name === '' || !place) return
  const stored = joinStored(textOf(strip, 'dir'), name)
  emitStored(stored, { in: 'directory-field', ...place, name }, context, parts)
}

function textOf(struct: BlendStruct, field: string): string {
  return decodePath(struct.text(field) ?? Buffer.alloc(0))
}
