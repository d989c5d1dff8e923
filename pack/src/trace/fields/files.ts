import type { BlendStruct } from '../../blend/reader.ts'
import {
  emitField,
  emitStored,
  emitString,
  type FieldContext,
  type FieldReader,
  nameOf,
} from './context.ts'

const builtinFont = '<builtin>'
const clipSource = { sequence: 1, movie: 2 }

const clipFlag = { useProxy: 1 << 0, customDirectory: 1 << 1 }

export const readFont: FieldReader = (font, context) => {
  if (font.isSet('packedfile') || font.text('name')?.toString() === builtinFont) return
  emitField(font, 'name', context, { kind: 'font', property: 'filepath' })
}

export const readSound: FieldReader = (sound, context) => {
  if (sound.isSet('packedfile')) return
  emitField(sound, 'name', context, { kind: 'sound', property: 'filepath' })
}

/** A clip of frames finds them by counting on from the first, so all that are there are taken. */
export const readMovieClip: FieldReader = (clip, context) => {
  const isSequence = clip.number('source') === clipSource.sequence
  emitField(clip, 'name', context, {
    kind: isSequence ? 'sequence' : 'movie',
    property: 'filepath',
    expansion: { as: isSequence ? 'sequence' : 'file' },
  })
  if (context.all) emitClipProxies(clip, context)
}

/** `plate.mov/proxy_50/00000001.jpg`, in a directory of the clip or in `BL_proxy` beside its file. */
function emitClipProxies(clip: BlendStruct, context: FieldContext): void {
  const flag = clip.number('flag') ?? 0
  const proxy = clip.embedded('proxy')
  const [, dir = '', name = ''] = /^(.*[\\/])?([^\\/]*)$/s.exec(nameOf(clip, 'name')) ?? []
  if ((flag & clipFlag.useProxy) === 0 || name === '' || !proxy) return
  const literal = RegExp.escape(name)
  const parts = {
    kind: 'proxy' as const,
    property: 'proxy.directory',
    expansion: {
      as: 'directory' as const,
      matching: new RegExp(`^${literal}/(.*/)?[^/]+\\.(jpe?g|avi|mkv|mp4|blen_tc)$`, 'i'),
      descend: new RegExp(`^${literal}(/proxy[^/]*)?$`),
    },
    optional: true,
  }
  if (flag & clipFlag.customDirectory) emitField(proxy, 'dir', context, parts)
  else emitStored(`${dir}BL_proxy`, { in: 'nowhere' }, context, parts)
}

/** Text kept in a file; text of the .blend has no path. */
export const readText: FieldReader = (text, context) =>
  emitString(text, 'name', context, { kind: 'text', property: 'filepath' })

/** Multiresolution details saved outside. */
export const readExternalData: FieldReader = (external, context) =>
  emitField(external, 'filename', context, { kind: 'geometry', property: 'external.filepath' })

export const readBrush: FieldReader = (brush, context) => {
  if (!context.all) return
  emitField(brush, 'icon_filepath', context, {
    kind: 'icon',
    property: 'icon_filepath',
    optional: true,
  })
}

const customCamera = { internal: 0, external: 1 }

/** The shader of a custom camera, since Blender 5.0. */
export const readCamera: FieldReader = (camera, context) => {
  if (camera.number('custom_mode') === customCamera.internal) return
  emitField(camera, 'custom_filepath', context, { kind: 'shader', property: 'custom_filepath' })
}
