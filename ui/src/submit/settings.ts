import type { AvailableJobSetting, AvailableJobType, SubmissionDefaults } from '../farm/wire.ts'

export interface Field {
  key: string
  label: string
  doc: string
  type: AvailableJobSetting['type']
  choices: readonly string[]
  required: boolean
  value: string | boolean
}

// What Blender itself would fill in; here a person does, starting from the usual.
const usual: Record<string, string> = {
  frames: '1-24',
  chunk_size: '1',
  format: 'PNG',
  image_file_extension: '.png',
  fps: '24',
  scene: 'Scene',
  samples: '',
}

/** The settings a person can fill in; `blendfile` and the output path follow from the rest. */
export function fieldsOf(
  type: AvailableJobType,
  defaults: SubmissionDefaults | undefined,
): Field[] {
  return type.settings
    .filter((setting) => setting.key !== 'blendfile' && setting.key !== 'render_output_path')
    .filter((setting) => setting.visible !== 'hidden' || usual[setting.key] !== undefined)
    .map((setting) => ({
      key: setting.key,
      label: typeof setting.label === 'string' ? setting.label : words(setting.key),
      doc: typeof setting.description === 'string' ? setting.description : '',
      type: setting.type,
      choices: setting.choices ?? [],
      required: setting.required ?? false,
      value: initial(setting, defaults),
    }))
}

function initial(
  setting: AvailableJobSetting,
  defaults: SubmissionDefaults | undefined,
): string | boolean {
  if (setting.type === 'bool') return setting.default === true
  if (setting.key === 'render_output_root') return defaults?.render_output_root ?? ''
  if (setting.default !== undefined) return String(setting.default)
  return usual[setting.key] ?? ''
}

/** Settings as the job takes them; an empty text is left out. */
export function settingsOf(fields: readonly Field[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {}
  for (const field of fields) {
    if (typeof field.value === 'boolean') settings[field.key] = field.value
    else if (field.value.trim() === '') continue
    else if (field.type === 'int32' || field.type === 'float') {
      settings[field.key] = Number(field.value)
    } else settings[field.key] = field.value
  }
  return settings
}

/** What follows from the checkout, the name and the time. */
export function derivedSettings(
  type: AvailableJobType,
  facts: {
    checkout: string
    blend: string
    name: string
    now: Date
    settings: Record<string, unknown>
  },
): Record<string, string> {
  const keys = new Set(type.settings.map((setting) => setting.key))
  const derived: Record<string, string> = {}
  if (keys.has('blendfile')) derived.blendfile = `{jobs}/${facts.checkout}/${facts.blend}`
  const root = facts.settings.render_output_root
  if (keys.has('render_output_path') && typeof root === 'string') {
    const stamp = facts.now.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '')
    derived.render_output_path = [
      root,
      facts.name.replace(/[\\/:*?"<>|]/g, '_'),
      stamp,
      '######',
    ].join('/')
  }
  return derived
}

function words(key: string): string {
  const spaced = key.replaceAll('_', ' ')
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
