import { createSignal, For, Show } from 'solid-js'
import type { Storage } from '../farm/storage.ts'
import { type MapMode, mapModes } from '../farm/storage-map.ts'
import type { GcPlan } from '../farm/store.ts'
import { EmptyState } from './empty-state.tsx'
import styles from './space-map.module.css'
import { Treemap } from './treemap.tsx'

const words: Record<MapMode, { label: string; title: string }> = {
  share: {
    label: 'Share',
    title:
      'Every blob divided among its checkouts; with what is unreferenced it adds up to the disk',
  },
  exclusive: {
    label: 'Exclusive',
    title: 'What each checkout holds alone, and would free; what several hold is one rectangle',
  },
  referenced: {
    label: 'Referenced',
    title: 'The full size of each checkout, shared blobs counted each time',
  },
}

/** The disk by checkout, with what a plan would take. */
export function SpaceMap(props: { store: Storage; plan: GcPlan | undefined }) {
  const [mode, setMode] = createSignal<MapMode>('share')
  const isEmpty = () => props.store.checkouts().length === 0 && props.store.stats()?.bytes === 0
  return (
    <section class="card" aria-label="Space by checkout">
      <header>
        <h2>Checkouts</h2>
        <div class="segments" role="group" aria-label="Area means">
          <For each={mapModes}>
            {(one) => (
              <button
                type="button"
                aria-pressed={mode() === one}
                title={words[one].title}
                onClick={() => setMode(one)}
              >
                {words[one].label}
              </button>
            )}
          </For>
        </div>
        <span class={`spread ${styles.legend}`}>
          shared <i data-means="exclusive" aria-hidden="true" /> exclusive
          <i data-means="planned" aria-hidden="true" /> in this plan
        </span>
      </header>
      <Show
        when={!isEmpty()}
        fallback={
          <EmptyState
            icon="disk"
            title="The store is empty"
            sentence="Each submission puts its files here once, however many jobs use them."
          />
        }
      >
        <Show
          when={mode() !== 'share' || props.store.shares()}
          fallback={<p class={`muted ${styles.waiting}`}>Counting what several checkouts share…</p>}
        >
          <Treemap
            checkouts={props.store.checkouts()}
            stats={props.store.stats()!}
            shares={props.store.shares() ?? new Map()}
            mode={mode()}
            planned={new Set(props.plan?.erase ?? [])}
            collects={(props.plan?.removed.blobs ?? 0) > 0}
          />
        </Show>
      </Show>
    </section>
  )
}
