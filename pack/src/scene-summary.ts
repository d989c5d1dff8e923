import { openBlend } from './blend/main.ts'
import type { BlendFile, BlendStruct } from './blend/reader.ts'
import { decodePath } from './trace/stored-path.ts'

/** What a job needs to know about the scene that a .blend was saved with. */
export interface SceneSummary {
  readonly scene: string
  readonly frameStart: number
  readonly frameEnd: number
  readonly frameStep: number
  readonly fps: number
  /** Blender's name of the image format: PNG, OPEN_EXR, JPEG, FFMPEG... */
  readonly format: string
  /** With its dot; empty where Blender decides later. */
  readonly fileExtension: string
  readonly width: number
  readonly height: number
  /** CYCLES, BLENDER_EEVEE_NEXT... */
  readonly engine: string
  /** The active camera, and all of the file. */
  readonly camera: string | undefined
  readonly cameras: readonly string[]
  /** As Blender writes it: `4.3`. */
  readonly blenderVersion: string
  /** As stored. */
  readonly outputPath: string
  /** Small JPEGs are written beside the frames. */
  readonly hasPreviews: boolean
}

/** Image formats by their number on disk. */
const formats: Record<number, readonly [name: string, extension: string]> = {
  0: ['TARGA', '.tga'],
  1: ['IRIS', '.rgb'],
  4: ['JPEG', '.jpg'],
  7: ['IRIS', '.rgb'],
  14: ['TARGA_RAW', '.tga'],
  15: ['AVI_RAW', '.avi'],
  16: ['AVI_JPEG', '.avi'],
  17: ['PNG', '.png'],
  20: ['BMP', '.bmp'],
  21: ['HDR', '.hdr'],
  22: ['TIFF', '.tif'],
  23: ['OPEN_EXR', '.exr'],
  24: ['FFMPEG', ''],
  26: ['CINEON', '.cin'],
  27: ['DPX', '.dpx'],
  28: ['OPEN_EXR_MULTILAYER', '.exr'],
  29: ['DDS', '.dds'],
  30: ['JPEG2000', '.jp2'],
  31: ['FFMPEG', ''],
  32: ['FFMPEG', ''],
  33: ['FFMPEG', ''],
  34: ['PSD', '.psd'],
  35: ['WEBP', '.webp'],
  36: ['AVIF', '.avif'],
}

const cameraType = 11
const previewFlag = 1 << 1

/** Reads the scene that was active when the file was saved. */
export async function readSceneSummary(blend: string): Promise<SceneSummary> {
  const file = await openBlend(blend)
  try {
    return summarise(file)
  } finally {
    file.close()
  }
}

function summarise(file: BlendFile): SceneSummary {
  const scene = activeScene(file)
  const number = (path: string): number => scene?.number(path) ?? 0
  const [format, fileExtension] = formats[number('r.im_format.imtype')] ?? ['PNG', '.png']
  const base = number('r.frs_sec_base') || 1
  const scale = (number('r.size') || 100) / 100
  return {
    scene: nameOf(scene),
    frameStart: number('r.sfra'),
    frameEnd: number('r.efra'),
    frameStep: number('r.frame_step') || 1,
    fps: (number('r.frs_sec') || 25) / base,
    format,
    fileExtension,
    width: Math.round(number('r.xsch') * scale),
    height: Math.round(number('r.ysch') * scale),
    engine: textOf(scene, 'r.engine'),
    camera: nameOf(scene?.follow('camera')) || undefined,
    cameras: camerasOf(file),
    blenderVersion: `${Math.floor(file.header.version / 100)}.${file.header.version % 100}`,
    outputPath: textOf(scene, 'r.pic'),
    hasPreviews: (number('r.im_format.flag') & previewFlag) !== 0,
  }
}

function activeScene(file: BlendFile): BlendStruct | undefined {
  const global = file.withCode('GLOB')[0]
  const current = global === undefined ? undefined : file.structAt(global)?.follow('curscene')
  if (current?.type.name === 'Scene') return current
  const first = file.withCode('SC')[0]
  return first === undefined ? undefined : file.structAt(first)
}

function camerasOf(file: BlendFile): string[] {
  return file
    .withCode('OB')
    .map((block) => file.structAt(block))
    .filter((object) => object?.number('type') === cameraType)
    .map(nameOf)
    .sort()
}

function nameOf(struct: BlendStruct | undefined): string {
  return textOf(struct, 'id.name').slice(2)
}

function textOf(struct: BlendStruct | undefined, path: string): string {
  return decodePath(struct?.text(path) ?? Buffer.alloc(0))
}
