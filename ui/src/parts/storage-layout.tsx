import { createSignal, type JSX } from 'solid-js'
import type { Storage } from '../farm/storage.ts'
import type { GcPlan } from '../farm/store.ts'
import page from '../pages/page.module.css'
import { GcPlanCard } from './gc-plan.tsx'
import { SpaceMap } from './space-map.tsx'
import { Told } from './told.tsx'
import { Trash } from './trash.tsx'

/** The disk as a map, the plan of a collection beside it, and below it the checkouts that a page chooses from. */
export function StorageLayout(props: {
  store: Storage
  head: JSX.Element
  /** Checkouts to remove with the plan. */
  erase: readonly string[]
  onKeep: (path: string) => void
  onApplied: () => void
  children: JSX.Element
  /** Below the plan. */
  aside?: JSX.Element
}) {
  const [plan, setPlan] = createSignal<GcPlan>()
  return (
    <div class={page.page}>
      {props.head}
      <Told read={props.store} what="the store">
        {() => (
          <div class={page.two}>
            <div class="stack">
              <SpaceMap store={props.store} plan={plan()} />
              {props.children}
            </div>
            <div class="stack">
              <GcPlanCard
                store={props.store}
                erase={props.erase}
                onPlan={setPlan}
                onKeep={props.onKeep}
                onApplied={() => {
                  props.onApplied()
                  props.store.reload()
                }}
              />
              <Trash onChange={props.store.reload} stats={props.store.stats()!} />
              {props.aside}
            </div>
          </div>
        )}
      </Told>
    </div>
  )
}
