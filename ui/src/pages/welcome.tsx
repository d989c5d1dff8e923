import { A } from '@solidjs/router'
import { createMemo, For, type JSX, Show } from 'solid-js'
import { createRead } from '../farm/read.ts'
import { storePaths } from '../farm/store.ts'
import { createTestRenders } from '../farm/test-renders.ts'
import type { JobPage, ManagerConfiguration, StorageCheck } from '../farm/wire.ts'
import { createWorkers } from '../farm/workers.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Glyph } from '../parts/glyph.tsx'
import { TestRenders } from '../parts/test-renders.tsx'
import { Told } from '../parts/told.tsx'
import { WorkerCommand } from '../parts/worker-command.tsx'
import page from './page.module.css'
import styles from './welcome.module.css'

interface Capabilities {
  links: { strategy: string; reason: string }
}

interface Step {
  title: string
  done: boolean
  fact?: JSX.Element
  todo: JSX.Element
}

/** The way to a first frame. Every tick is a fact of this farm, looked up now. */
export function Welcome() {
  const configuration = createRead<ManagerConfiguration>(() => '/configuration')
  const store = createRead<Capabilities>(() => storePaths.stats.replace('stats', 'capabilities'))
  const workers = createWorkers()
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ sort: '-updated', limit: 50 }),
    everyMs: 5000,
  })
  const storage = createRead<StorageCheck>(() => '/farm/storage-check', { everyMs: 5000 })
  const readers = () =>
    storage.data()?.workers.filter((one) => one.check && one.check.status !== 'fail') ?? []
  const submit = `farm submit scene.blend --manager ${location.origin}`
  const renderers = createMemo(
    () =>
      workers.data()?.workers.filter((one) => one.supported_task_types.includes('blender')) ?? [],
  )
  const tests = createTestRenders(() => workers.data()?.workers ?? [])
  const steps = createMemo<Step[]>(() => [
    {
      title: 'The store can be written',
      done: store.data() !== undefined,
      fact: (
        <>
          <code>{configuration.data()?.storageLocation}</code>, checkouts by{' '}
          {store.data()?.links.strategy}: {store.data()?.links.reason}
        </>
      ),
      todo: (
        <p>
          Choose a folder this manager may write to, with <code>--storage</code> or in the{' '}
          <A href="/settings">settings</A>.
        </p>
      ),
    },
    {
      title: 'A worker has signed on',
      done: (workers.data()?.total ?? 0) > 0,
      fact: (
        <>
          {workers
            .data()
            ?.workers.slice(0, 5)
            .map((one) => one.name)
            .join(', ')}
        </>
      ),
      todo: <WorkerCommand />,
    },
    {
      title: 'A worker can read the store',
      done: readers().length > 0,
      fact: (
        <>
          {readers()
            .slice(0, 5)
            .map((one) => one.name)
            .join(', ')}
        </>
      ),
      todo: (
        <>
          <Show when={storage.data()?.workers.find((one) => one.check?.status === 'fail')}>
            {(one) => (
              <p>
                {one().name}: {one().check?.value ?? one().check?.detail} {one().check?.hint}
              </p>
            )}
          </Show>
          <p>
            A worker looks itself over when it starts, and says under <A href="/workers">Workers</A>{' '}
            how it reaches the storage. With <code>--storage pull</code> it needs no mount: it
            fetches what a job uses.
          </p>
        </>
      ),
    },
    {
      title: 'A worker can render with Blender',
      done: renderers().length > 0,
      fact: <>{renderers().length} of them take Blender tasks</>,
      todo: <p>Install Blender on the worker’s machine and start the worker again.</p>,
    },
    {
      title: 'A first job was submitted',
      done: (jobs.data()?.total ?? 0) > 0,
      fact: <>{jobs.data()?.jobs[0]?.name}</>,
      todo: (
        <>
          <Command text={submit} />
          <p>
            or from Blender with the <A href="/addon">add-on</A>, or{' '}
            <A href="/jobs/submit">from this browser</A>.
          </p>
        </>
      ),
    },
    {
      title: 'A first frame was rendered',
      done: jobs.data()?.jobs.some((job) => job.task_counts.completed > 0) ?? false,
      fact: <A href="/jobs">See the jobs</A>,
      todo: <p>It shows here as soon as a worker is done with one.</p>,
    },
    {
      title: 'Every worker has rendered a test frame',
      done: tests.isDone(),
      fact: <TestRenders tests={tests} />,
      todo: <TestRenders tests={tests} />,
    },
  ])
  const asked = [workers, jobs, configuration] as const
  /** Until all have answered, or failed to, nothing can be told to be missing. */
  const isKnown = () => [...asked, store, storage].every((one) => !one.loading())
  const told = {
    data: () => (isKnown() && asked.every((one) => one.data()) ? steps() : undefined),
    error: () => asked.map((one) => one.error()).find((error) => error !== undefined),
    reload: () => {
      for (const one of asked) one.reload()
    },
  }
  const open = () => steps().findIndex((step) => !step.done)
  return (
    <div class={page.page}>
      <h1>{told.data() && open() < 0 ? 'This farm is ready' : 'Set up this farm'}</h1>
      <Told read={told} what="how this farm is">
        {(known) => (
          <ol class={styles.steps}>
            <For each={known()}>
              {(step, index) => (
                <li class="card" data-done={step.done ? '' : undefined}>
                  <h2 class={styles.title}>
                    <span class={styles.tick}>
                      <Glyph name={step.done ? 'check' : 'circle'} />
                    </span>
                    {step.title}
                    <span class="sr-only">{step.done ? ', done' : ', to do'}</span>
                  </h2>
                  <Show
                    when={step.done}
                    fallback={<Show when={index() === open()}>{step.todo}</Show>}
                  >
                    <div class="muted">{step.fact}</div>
                  </Show>
                </li>
              )}
            </For>
          </ol>
        )}
      </Told>
    </div>
  )
}

function Command(props: { text: string }) {
  return (
    <p class={styles.command}>
      <code>{props.text}</code>
      <CopyButton text={() => props.text} what="the command" />
    </p>
  )
}
