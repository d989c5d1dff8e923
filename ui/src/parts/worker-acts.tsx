import type { WorkerRow } from '../farm/wire.ts'
import { actOnWorkers, type WorkerAct, workerActs } from '../farm/workers.ts'
import { Menu } from './menu.tsx'

/** All that can be asked of these workers, each with how many of them it applies to. */
export function WorkerActs(props: { workers: readonly WorkerRow[] }) {
  const able = (act: WorkerAct) => props.workers.filter((worker) => act.applies(worker))
  const items = () =>
    workerActs
      .map((act) => ({ act, count: able(act).length }))
      .filter(({ count }) => count > 0)
      .map(({ act, count }) => ({
        id: act.id,
        label:
          count < props.workers.length
            ? `${act.verb} ${count} of ${props.workers.length}`
            : act.verb,
        run: () => void actOnWorkers(act, able(act)),
      }))
  return <Menu label="Sleep, wake, stop" items={items()} />
}
