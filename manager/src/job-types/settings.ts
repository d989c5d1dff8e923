import type { AvailableJobSetting, AvailableJobType } from '@shaman-farm/manager-api/schemas'

export interface SettingProblem {
  key: string
  code: 'required' | 'type' | 'choice' | 'range'
  message: string
}

export interface CheckedSettings {
  /** As given, plus the defaults of what was not. */
  settings: Record<string, unknown>
  problems: SettingProblem[]
}

/**
 * Checks a submission's settings against its job type and fills in defaults. Settings the type doesn't declare are
 * passed on untouched: scripts may read what an older or newer client sends.
 */
export function validateSettings(
  jobType: Pick<AvailableJobType, 'settings'>,
  given: Readonly<Record<string, unknown>>,
): CheckedSettings {
  const settings = { ...given }
  const problems: SettingProblem[] = []
  for (const setting of jobType.settings) {
    if (settings[setting.key] === undefined || settings[setting.key] === null) {
      delete settings[setting.key]
      if (setting.default !== undefined && setting.default !== null) {
        settings[setting.key] = setting.default
      }
    }
    const problem = checkSetting(setting, settings[setting.key])
    if (problem) problems.push({ key: setting.key, ...problem })
  }
  return { settings, problems }
}

type Finding = Omit<SettingProblem, 'key'>

function checkSetting(setting: AvailableJobSetting, value: unknown): Finding | undefined {
  const label = typeof setting.label === 'string' && setting.label ? setting.label : setting.key
  if (value === undefined || value === '') {
    return setting.required ? { code: 'required', message: `${label} is required` } : undefined
  }
  if (!isOfType(setting.type, value)) {
    return { code: 'type', message: `${label} must be ${typeNames[setting.type]}` }
  }
  if (setting.choices && setting.choices.length > 0 && !setting.choices.includes(String(value))) {
    return { code: 'choice', message: `${label} must be one of ${setting.choices.join(', ')}` }
  }
  return typeof value === 'number' ? checkRange(setting, value, label) : undefined
}

const typeNames: Record<AvailableJobSetting['type'], string> = {
  string: 'text',
  int32: 'a whole number',
  float: 'a number',
  bool: 'true or false',
}

function isOfType(type: AvailableJobSetting['type'], value: unknown): boolean {
  if (type === 'string') return typeof value === 'string'
  if (type === 'bool') return typeof value === 'boolean'
  if (type === 'float') return typeof value === 'number' && Number.isFinite(value)
  return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31 - 1
}

function checkRange(
  { propargs }: AvailableJobSetting,
  value: number,
  label: string,
): Finding | undefined {
  const { min, max } = (propargs ?? {}) as { min?: unknown; max?: unknown }
  if (typeof min === 'number' && value < min) {
    return { code: 'range', message: `${label} must be at least ${min}` }
  }
  if (typeof max === 'number' && value > max) {
    return { code: 'range', message: `${label} must be at most ${max}` }
  }
  return undefined
}
