import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlamencoVersion } from '@shaman-farm/manager-api'
import type { RawConfig } from './config/schema.ts'

export const ownVersion = (
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
    version: string
  }
).version

/** Flamenco's add-on submits only where `shortversion` equals its own, so that one is configurable. */
export function versionOf(config: RawConfig): FlamencoVersion {
  return {
    version: `${config.reported_version} (Shaman Farm ${ownVersion})`,
    shortversion: config.reported_version,
    name: config.manager_name,
    git: ownVersion,
  }
}
