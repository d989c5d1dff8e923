import { access, constants } from 'node:fs/promises'
import type { Health } from '@shaman-farm/manager-api'
import type { Services } from '../services.ts'
import { ownVersion } from '../version.ts'

/** Whether the manager can do its work: asked by people, load balancers and service managers. */
export async function healthOf({ farm, startedAt }: Services): Promise<Health> {
  const checks = {
    database: tryDatabase(farm.db),
    storage: await tryStorage(farm.config.current.storage),
  }
  const isWell = Object.values(checks).every((result) => result === 'ok')
  return {
    status: isWell ? 'ok' : 'degraded',
    version: ownVersion,
    uptime_s: Math.floor((farm.now() - startedAt) / 1000),
    checks,
  }
}

function tryDatabase(db: Services['farm']['db']): string {
  try {
    db.prepare('SELECT 1 FROM jobs LIMIT 1').get()
    return 'ok'
  } catch (error) {
    return (error as Error).message
  }
}

async function tryStorage(path: string): Promise<string> {
  try {
    await access(path, constants.R_OK | constants.W_OK)
    return 'ok'
  } catch (error) {
    return (error as Error).message
  }
}
