import { posix, win32 } from 'node:path'
import { PackError } from '../errors.ts'
import type { SceneSummary } from '../scene-summary.ts'
import type { JobType, JobTypeSetting, SettingValue } from './jobs-api.ts'

/** What a job's settings are made of. */
export interface SettingsInput {
  jobType: JobType
  /** As typed: `key` → text. They win over everything else. */
  given: Readonly<Record<string, string>>
  scene: Pick<
    SceneSummary,
    'scene' | 'frameStart' | 'frameEnd' | 'fps' | 'format' | 'fileExtension' | 'hasPreviews'
  >
  jobName: string
  /** Where the .blend lies for the artist; names the output's folders. */
  blendPath: string
  /** The farm's path of the .blend inside the checkout. */
  blendfile: string
  /** What the manager suggests as the output's root, if it does. */
  renderOutputRoot: string | undefined
}

/** Fills in every setting of the job type: as given, else from the scene, else its default. */
export function buildSettings(input: SettingsInput): Record<string, SettingValue> {
  const { jobType, given } = input
  refuseUnknown(jobType, given)
  const settings: Record<string, SettingValue> = {}
  for (const setting of jobType.settings) {
    const text = given[setting.key]
    const value = text === undefined ? valueFor(setting, input) : parseSetting(setting, text)
    if (value !== undefined) settings[setting.key] = value
  }
  fillOutputPath(input, settings)
  refuseIncomplete(jobType, settings)
  return settings
}

/** Reads a setting's value as typed by a person. */
export function parseSetting(setting: JobTypeSetting, text: string): SettingValue {
  const value = parsers[setting.type](text)
  if (value === undefined) {
    throw invalid(setting, text, `it is a ${kindOf[setting.type]}`)
  }
  if (setting.choices && !setting.choices.includes(String(value))) {
    throw invalid(setting, text, `it is one of ${setting.choices.join(', ')}`)
  }
  const { min, max } = setting.propargs ?? {}
  if (typeof value === 'number') {
    if (typeof min === 'number' && value < min) throw invalid(setting, text, `at least ${min}`)
    if (typeof max === 'number' && value > max) throw invalid(setting, text, `at most ${max}`)
  }
  return value
}

/** The folders and file pattern that frames are written to: root, last folders of the .blend, job, time, number. */
export function renderOutputPath(options: {
  root: string
  blendPath: string
  addPathComponents: number
  jobName: string
}): string {
  const { join } = styleOf(options.root)
  const folders = lastFolders(options.blendPath, options.addPathComponents)
  return join(options.root, ...folders, safeName(options.jobName), '{timestamp}', '######')
}

/** A name that is one path component on every platform. */
export function safeName(name: string): string {
  const cleaned = name
    .normalize('NFC')
    .replace(/[\\/:*?"<>|\u0000-\u001f]/g, '_')
    .replace(/[. ]+$/, '')
    .trim()
  return cleaned === '' ? 'unnamed' : truncate(cleaned, 120)
}

const kindOf = {
  string: 'text',
  int32: 'whole number',
  float: 'number',
  bool: 'yes or no',
} as const

const parsers: Record<JobTypeSetting['type'], (text: string) => SettingValue | undefined> = {
  string: (text) => text,
  int32: (text) => {
    const value = Number(text)
    return /^[+-]?\d+$/.test(text.trim()) && Math.abs(value) <= 0x7fffffff ? value : undefined
  },
  float: (text) => {
    const value = Number(text)
    return text.trim() !== '' && Number.isFinite(value) ? value : undefined
  },
  bool: (text) => ({ true: true, yes: true, 1: true, false: false, no: false, 0: false })[text],
}

function valueFor(setting: JobTypeSetting, input: SettingsInput): SettingValue | undefined {
  if (setting.key === 'blendfile') return input.blendfile
  // A computed setting is one that Blender would fill in; the .blend itself says the same.
  const fromScene = sceneValue(setting.key, input)
  if (fromScene !== undefined && (setting.eval !== undefined || setting.default === undefined)) {
    return fromScene
  }
  return defaultOf(setting)
}

function sceneValue(key: string, input: SettingsInput): SettingValue | undefined {
  const { scene } = input
  const values: Record<string, SettingValue | undefined> = {
    frames: `${scene.frameStart}-${scene.frameEnd}`,
    fps: scene.fps,
    format: scene.format,
    image_file_extension: scene.fileExtension,
    has_previews: scene.hasPreviews,
    scene: scene.scene,
    render_output_root: input.renderOutputRoot,
  }
  return values[key]
}

function defaultOf(setting: JobTypeSetting): SettingValue | undefined {
  const value = setting.default
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  return undefined
}

function fillOutputPath(input: SettingsInput, settings: Record<string, SettingValue>): void {
  const wantsPath = input.jobType.settings.some(({ key }) => key === 'render_output_path')
  if (!wantsPath || input.given.render_output_path !== undefined) return
  const root = settings.render_output_root
  if (typeof root !== 'string' || root === '') {
    throw new PackError('OUTPUT_ROOT_UNKNOWN', 'Where should the frames go?', {
      detail: { setting: 'render_output_root' },
      hint: 'The manager suggests no folder; give one with --setting render_output_root=/path/on/the/farm.',
    })
  }
  settings.render_output_path = renderOutputPath({
    root,
    blendPath: input.blendPath,
    addPathComponents: Number(settings.add_path_components ?? 0),
    jobName: input.jobName,
  })
}

function refuseUnknown(jobType: JobType, given: Readonly<Record<string, string>>): void {
  const known = jobType.settings.map(({ key }) => key)
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new PackError('SETTING_UNKNOWN', `${jobType.name} has no setting "${unknown}"`, {
    detail: { setting: unknown },
    hint: `It has ${known.join(', ')}.`,
  })
}

function refuseIncomplete(jobType: JobType, settings: Record<string, SettingValue>): void {
  const missing = jobType.settings.find(
    ({ key, required }) => required === true && settings[key] === undefined,
  )
  if (!missing) return
  throw new PackError('SETTING_INVALID', `${jobType.name} needs the setting "${missing.key}"`, {
    detail: { setting: missing.key },
    hint: `Give it with --setting ${missing.key}=VALUE.`,
  })
}

function invalid(setting: JobTypeSetting, text: string, rule: string): PackError {
  return new PackError('SETTING_INVALID', `"${text}" is no ${setting.key}: ${rule}`, {
    detail: { setting: setting.key, value: text },
  })
}

function styleOf(path: string): typeof posix {
  return /^[A-Za-z]:|\\/.test(path) ? win32 : posix
}

function lastFolders(blendPath: string, count: number): string[] {
  if (count <= 0) return []
  const folder = styleOf(blendPath).dirname(blendPath)
  const parts = folder.split(/[\\/]+/).filter((part) => part !== '' && !/^[A-Za-z]:$/.test(part))
  return parts.slice(-count)
}

/** Cuts between code points so that the UTF-8 form fits into `bytes`. */
function truncate(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break
    kept += character
  }
  return kept
}
