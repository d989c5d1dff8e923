import { createHash } from 'node:crypto'
import { AvailableJobSetting, type AvailableJobType } from '@shaman-farm/manager-api/schemas'
import Value from 'typebox/value'

/**
 * A script's JOB_TYPE as the API shows it. Unknown keys are dropped, absent optional keys stay absent (the add-on reads
 * a missing key as its own default), and what a strictly typed client would choke on is an error.
 */
export function readJobType(name: string, value: unknown): AvailableJobType {
  const given = value as Record<string, unknown>
  const settings = given.settings ?? []
  if (!Array.isArray(settings)) throw new TypeError('JOB_TYPE.settings is no list')
  const jobType: AvailableJobType = {
    name,
    label: typeof given.label === 'string' ? given.label : name,
    ...(typeof given.description === 'string' ? { description: given.description } : {}),
    settings: settings.map(readSetting),
    etag: '',
  }
  checkUnique(jobType.settings.map(({ key }) => key))
  return { ...jobType, etag: createHash('sha1').update(JSON.stringify(jobType)).digest('hex') }
}

function readSetting(value: unknown, index: number): AvailableJobSetting {
  const key = (value as { key?: unknown } | null)?.key
  const where = typeof key === 'string' ? `setting "${key}"` : `setting number ${index + 1}`
  if (typeof key !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
    throw new TypeError(`${where} needs a key of letters, digits and underscores`)
  }
  const setting = Value.Clean(AvailableJobSetting, structuredClone(value)) as AvailableJobSetting
  const [problem] = Value.Errors(AvailableJobSetting, setting)
  if (problem) {
    const field = problem.instancePath.slice(1).replaceAll('/', '.')
    throw new TypeError(`${where}: ${field ? `${field} ` : ''}${problem.message}`)
  }
  if (setting.evalInfo)
    setting.evalInfo = { showLinkButton: false, description: '', ...setting.evalInfo }
  return setting
}

function checkUnique(keys: readonly string[]): void {
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw new TypeError(`setting "${twice}" is there twice`)
}
