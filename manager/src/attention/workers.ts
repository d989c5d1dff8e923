import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { ownVersion } from '../version.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { counted, type Trouble } from './trouble.ts'

/** Workers that are in trouble, or out of sight. */
export function lostWorkers(farm: Farm): Trouble[] {
  return farm.workers
    .all()
    .filter(({ status }) => status === 'error')
    .map((worker) => {
      const isLost = worker.status_before_error !== null
      return {
        key: `worker ${worker.uuid} ${worker.updated_at}`,
        kind: isLost ? 'worker-gone' : 'worker-error',
        severity: 'warning',
        title: isLost ? `Worker ${worker.name} is gone` : `Worker ${worker.name} reports an error`,
        detail: isLost ? 'It stopped answering without signing off.' : '',
        hint: 'When it is back it goes on by itself; remove it if it will not come back.',
        count: 1,
        since: dateTime(worker.last_seen_at ?? worker.updated_at),
        jobs: [],
        tasks: [],
        workers: [{ id: worker.uuid, name: worker.name }],
      }
    })
}

/**
 * Workers that signed on with another version than the manager's. Flamenco's own are as they should be when they are of
 * the version that this manager passes itself off as.
 */
export function versionSkew(farm: Farm): Trouble[] {
  const right = new Set([ownVersion, farm.config.current.raw.reported_version])
  const others = farm.workers
    .all()
    .filter(({ status, software }) => status !== 'offline' && !right.has(software))
  if (others.length === 0) return []
  return [
    {
      key: `version-skew ${others.map(({ uuid, software }) => `${uuid} ${software}`).join()}`,
      kind: 'version-skew',
      severity: 'warning',
      title: `${counted(others.length, 'worker runs', 'workers run')} another version than the manager`,
      detail: `The manager is ${ownVersion}; ${versionsOf(others)}.`,
      hint: 'Bring all to the same version: what one knows, another may not.',
      count: others.length,
      since: dateTime(Math.min(...others.map(({ updated_at }) => updated_at))),
      jobs: [],
      tasks: [],
      workers: others.slice(0, 20).map(({ uuid, name }) => ({ id: uuid, name })),
    },
  ]
}

/** `2 workers are 0.0.9, 1 worker is 0.0.8` */
function versionsOf(workers: readonly WorkerRecord[]): string {
  const groups = Map.groupBy(workers, ({ software }) => software || 'of no known version')
  return [...groups]
    .slice(0, 5)
    .map(([version, { length }]) => `${counted(length, 'worker is', 'workers are')} ${version}`)
    .join(', ')
}
