import { createSignal, For, Show } from 'solid-js'
import { type Exclusion, exclude } from '../farm/exclusion.ts'
import { formatCount } from '../farm/format.ts'
import { type Orphaned, orphanedBy } from '../farm/left-workers.ts'
import { Dialog } from './dialog.tsx'

/** Keeps workers off what failed on them: at once, or after a question where nobody would be left. */
export function ExcludeButton(props: { exclusions: readonly Exclusion[]; onDone: () => void }) {
  const [orphaned, setOrphaned] = createSignal<readonly Orphaned[]>([])
  const who = (): string => {
    const names = new Set(props.exclusions.map(({ workerName }) => workerName))
    return names.size === 1 ? [...names][0]! : formatCount(names.size, 'worker')
  }
  const run = (): void => {
    setOrphaned([])
    void exclude(props.exclusions, props.onDone)
  }
  const ask = async (): Promise<void> => {
    // A manager that does not answer this says of the act itself why.
    const found = await orphanedBy(props.exclusions).catch(() => [])
    if (found.length === 0) run()
    else setOrphaned(found)
  }
  const close = (): void => void setOrphaned([])
  return (
    <>
      <button type="button" class="button" onClick={() => void ask()}>
        Exclude {who()}
      </button>
      <Dialog open={orphaned().length > 0} onClose={close} title={`Exclude ${who()}?`}>
        <ul>
          <For each={orphaned()}>{(one) => <li>{tellOrphaned(one)}</li>}</For>
        </ul>
        <Show when={who() !== props.exclusions[0]?.workerName}>
          <p>
            Where all workers fail, the cause is more likely in the job's files or settings than in
            the workers.
          </p>
        </Show>
        <div class="row-gap">
          <button type="button" class="button" onClick={close}>
            Keep {who()}
          </button>
          <button type="button" class="button" onClick={run}>
            Exclude {who()} anyway
          </button>
        </div>
      </Dialog>
    </>
  )
}

export function tellOrphaned({ jobName, taskType }: Orphaned): string {
  return `No worker would be left for the ${taskType} tasks of “${jobName}”: they would wait until one is allowed again or another signs on.`
}
