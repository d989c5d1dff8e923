import type { BlendStruct } from '../../blend/reader.ts'
import type { Expansion } from '../references.ts'
import { decodePath } from '../stored-path.ts'
import { emitField, emitStored, type FieldContext, joinStored } from './context.ts'

const stripFlag = { useProxy: 1 << 15 }
const storage = { customFile: 1 << 1, customDirectory: 1 << 2 }
const projectStorage = 1

/** What a strip's proxies are made of. */
export interface StripMedia {
  readonly strip: BlendStruct
  readonly label: string
  /** The directory as stored, and the names in it. */
  readonly dir: string
  readonly names: readonly string[]
  readonly isMovie: boolean
}

/** The small stand-ins of a strip: in a directory of the project, of the strip, or `BL_proxy` beside its files. */
export function emitStripProxies(
  sequence: BlendStruct,
  media: StripMedia,
  context: FieldContext,
): void {
  const proxy = media.strip.follow('proxy')
  const usesProxy = ((sequence.number('flag') ?? 0) & stripFlag.useProxy) !== 0
  if (!usesProxy || !proxy) return
  const how = proxy.number('storage') ?? 0
  const editing = sequence.file.structAt(context.owner)?.follow('ed')
  const parts = {
    kind: 'proxy' as const,
    property: `${media.label}.proxy`,
    expansion: proxiesOf(media),
    optional: true,
  }
  if (editing?.number('proxy_storage') === projectStorage) {
    emitField(editing, 'proxy_dir', context, parts)
  } else if (how & storage.customFile) {
    emitCustomFile(proxy, context, `${parts.property}.filepath`)
  } else if (how & storage.customDirectory) {
    emitField(proxy, 'dir', context, parts)
  } else {
    const stored = `${media.dir.replace(/[\\/]*$/, '')}/BL_proxy`
    emitStored(stored, { in: 'nowhere' }, context, parts)
  }
}

/** `images/50/a.png_proxy.jpg`; of a movie `cut.avi/proxy_50.avi` and its time codes. */
function proxiesOf({ names, isMovie }: StripMedia): Expansion {
  const name = `(${names.map((name) => RegExp.escape(name)).join('|')})`
  if (isMovie) {
    return {
      as: 'directory',
      descend: new RegExp(`^${name}$`),
      matching: new RegExp(`^${name}/[^/]+\\.(avi|mkv|mp4|blen_tc)$`),
    }
  }
  return {
    as: 'directory',
    descend: /^images(\/\d+)?$/,
    matching: new RegExp(`^images/\\d+/${name}_proxy\\.jpg$`),
  }
}

function emitCustomFile(proxy: BlendStruct, context: FieldContext, property: string): void {
  const [dir, name] = ['dir', 'file'].map((field) =>
    decodePath(proxy.text(field) ?? Buffer.alloc(0)),
  ) as [string, string]
  const place = proxy.place('dir')
  if (name === '' || !place) return
  const parts = { kind: 'proxy' as const, property, optional: true }
  emitStored(joinStored(dir, name), { in: 'directory-field', ...place, name }, context, parts)
}
