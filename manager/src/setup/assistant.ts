import type { BlenderPathCheckResult, SetupAssistantConfig } from '@shaman-farm/manager-api'
import { defaultConfig, type RawConfig } from '../config/schema.ts'
import { FarmError } from '../problems.ts'

/** The configuration with what the assistant asked for put in. */
export function withSetup(known: RawConfig, setup: SetupAssistantConfig): RawConfig {
  const { storageLocation, blenderExecutable } = setup
  if (storageLocation.trim() === '') throw incomplete('the storage location is missing')
  if (!blenderExecutable.is_usable) throw incomplete('no usable Blender was chosen')
  const command = blenderCommand(blenderExecutable)
  return {
    ...known,
    shared_storage_path: storageLocation,
    variables: {
      ...known.variables,
      blender: {
        values: ['linux', 'windows', 'darwin'].map((platform) => ({ platform, value: command })),
      },
      blenderArgs: defaultConfig.variables.blenderArgs!,
    },
  }
}

function blenderCommand({ source, input, path }: BlenderPathCheckResult): string {
  if (source === 'default') return 'blender'
  if (path === '') throw incomplete('the path of Blender is missing')
  if (source === 'file_association') return 'blender'
  if (source === 'path_envvar') {
    if (input === '') throw incomplete('the command of Blender is missing')
    return quoted(input)
  }
  return quoted(path)
}

function quoted(text: string): string {
  return /[\n\t;() ]/.test(text) ? JSON.stringify(text) : text
}

function incomplete(what: string): FarmError {
  return new FarmError('BAD_REQUEST', `The setup is incomplete: ${what}`)
}
