import { useSearchParams } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { createRead } from '../farm/read.ts'
import {
  type CheckoutDiff,
  type CheckoutInfo,
  type CheckoutManifest,
  previousOf,
  storePaths,
} from '../farm/store.ts'
import { Diff } from './checkout-diff.tsx'
import { CheckoutFiles } from './checkout-files.tsx'
import { Told } from './told.tsx'

/** What is in a checkout, or what changed since another one. */
export function CheckoutContents(props: { path: string }) {
  const [search, setSearch] = useSearchParams<{ since?: string }>()
  const manifest = createRead<CheckoutManifest>(() => storePaths.manifest(props.path), {
    key: 'path',
  })
  const all = createRead<{ checkouts: CheckoutInfo[] }>(() => storePaths.checkouts, { key: 'path' })
  const diff = createRead<CheckoutDiff>(
    () => (search.since ? storePaths.diff(props.path) : undefined),
    { query: () => ({ since: search.since }), key: 'path' },
  )
  const others = () => all.data()?.checkouts.filter((one) => one.path !== props.path) ?? []
  const previous = () => previousOf(props.path, all.data()?.checkouts ?? [])
  const compare = (since: string | undefined): void => void setSearch({ since: since ?? null })
  return (
    <section class="card" aria-label="Files">
      <header>
        <h2>{search.since ? `Changed since ${search.since}` : 'Files'}</h2>
        <span class="spread row-gap">
          <Show when={!search.since && previous()}>
            {(before) => (
              <button type="button" class="button" onClick={() => compare(before())}>
                Changed since the one before
              </button>
            )}
          </Show>
          <label class="row-gap">
            <span class="muted">compare with</span>
            <select
              class="input"
              value={search.since ?? ''}
              onChange={(event) => compare(event.currentTarget.value || undefined)}
            >
              <option value="">nothing</option>
              <For each={others()}>
                {(one) => (
                  <option value={one.path} selected={one.path === search.since}>
                    {one.path}
                  </option>
                )}
              </For>
            </select>
          </label>
        </span>
      </header>
      <Show
        when={search.since}
        fallback={
          <Told read={manifest} what="the files">
            {(data) => <CheckoutFiles files={data().files} />}
          </Told>
        }
      >
        <Told read={diff} what="the difference">
          {(data) => <Diff diff={data()} />}
        </Told>
      </Show>
    </section>
  )
}
