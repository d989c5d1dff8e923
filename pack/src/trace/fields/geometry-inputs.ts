import { type BlendStruct, followPointer } from '../../blend/reader.ts'
import { decodePath } from '../stored-path.ts'
import { emitStored, type FieldContext, type FieldReader, nameOf, readString } from './context.ts'

const filePathSubtype = 1
const idProperty = { string: 0, dataBlock: 7 }
const mostSockets = 10_000

/** A string socket that holds a file path, as the import nodes have since Blender 4.3. */
export const readStringSocket: FieldReader = (value, context) => {
  if (value.number('subtype') !== filePathSubtype) return
  const path = decodePath(value.text('value') ?? Buffer.alloc(0))
  const place = value.place('value')
  if (path.trim() === '' || !place) return
  const parts = { kind: 'file' as const, property: 'inputs[].default_value' }
  emitStored(path, { in: 'field', ...place }, context, parts)
}

/**
 * What a geometry-nodes modifier puts into the inputs of its node group: custom properties, named like the sockets.
 * Images among them are shown with frames that nobody knows.
 * Which of them are paths the group says; a linked group says it in its own file, so there a string that leads to a
 * file is taken for a path.
 */
export function emitInputs(modifier: BlendStruct, label: string, context: FieldContext): void {
  const inputs = modifier.follow('settings.properties')
  if (!inputs) return
  const group = modifier.follow('node_group')
  const sockets = group?.type.name === 'bNodeTree' ? fileInputsOf(group) : undefined
  for (const input of inputs.list('data.group')) {
    const type = input.number('type')
    if (type === idProperty.dataBlock) context.useImage(input.target('data.pointer'), undefined, '')
    if (type !== idProperty.string) continue
    const name = nameOf(input, 'name')
    if (sockets ? !sockets.has(name) : /_(use_attribute|attribute_name)$/.test(name)) continue
    emitInput(input, `${label}[${JSON.stringify(name)}]`, context, sockets === undefined)
  }
}

function emitInput(
  input: BlendStruct,
  property: string,
  context: FieldContext,
  isGuess: boolean,
): void {
  const string = readString(input, 'data.pointer')
  const length = input.place('len')
  if (!string || !length || string.text.trim() === '') return
  if (isGuess && !/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(string.text)) return
  const place = { in: 'block' as const, block: string.block, lengthAt: length.offset }
  emitStored(string.text, place, context, { kind: 'file', property, optional: isGuess })
}

/** Identifiers of the group's inputs that are file paths. */
function fileInputsOf(group: BlendStruct): Set<string> {
  const found = new Set<string>()
  // Until 3.6 a list of sockets; since then items in panels.
  for (const socket of group.list('inputs')) {
    if (isFilePath(socket.follow('default_value'))) found.add(nameOf(socket, 'identifier'))
  }
  const root = group.embedded('tree_interface.root_panel')
  const panels = root ? [root] : []
  const seen = new Set<number>()
  for (const panel of panels) {
    for (const item of itemsOf(panel)) {
      if (seen.has(item.block) || seen.size > mostSockets) continue
      seen.add(item.block)
      if (item.type.name === 'bNodeTreeInterfacePanel') panels.push(item)
      else if (isFilePath(item.follow('socket_data'))) {
        found.add(readString(item, 'identifier')?.text ?? '')
      }
    }
  }
  return found
}

function isFilePath(value: BlendStruct | undefined): boolean {
  return (
    value?.type.name === 'bNodeSocketValueString' && value.number('subtype') === filePathSubtype
  )
}

/** The items that a panel's array of pointers leads to. */
function itemsOf(panel: BlendStruct): BlendStruct[] {
  const { file } = panel
  const array = panel.target('items_array')
  if (array < 0 || file.blocks.size[array]! > mostSockets * file.header.pointerSize) return []
  const bytes = file.bytesOf(array)
  const items: BlendStruct[] = []
  for (let at = 0; at + file.header.pointerSize <= bytes.length; at += file.header.pointerSize) {
    const block = followPointer(file, bytes, at, file.blocks.owner[array]!)
    const item = block < 0 ? undefined : file.structAt(block)
    if (item) items.push(item)
  }
  return items
}
