import { A, type RouteSectionProps } from '@solidjs/router'
import { ErrorBoundary, For, Show, Suspense } from 'solid-js'
import { useClock } from './farm/clock.ts'
import { useFarm } from './farm/farm.tsx'
import { formatAgo, formatClock } from './farm/format.ts'
import { ErrorPanel } from './parts/error-panel.tsx'
import { Icon } from './parts/glyph.tsx'
import { StatusWord } from './parts/status-word.tsx'
import { Toasts } from './parts/toasts.tsx'
import styles from './shell.module.css'

const places = [
  { href: '/', label: 'Overview', end: true },
  { href: '/jobs', label: 'Jobs' },
  { href: '/workers', label: 'Workers' },
]

/** Top bar, page, status bar: what surrounds every page. */
export function Shell(props: RouteSectionProps) {
  return (
    <div class={styles.shell}>
      <a class="button skip" href="#page">
        Skip to the page
      </a>
      <TopBar />
      <main id="page" class={styles.page} tabindex="-1">
        <ErrorBoundary fallback={(error, reset) => <ErrorPanel error={error} onRetry={reset} />}>
          <Suspense>{props.children}</Suspense>
        </ErrorBoundary>
      </main>
      <StatusBar />
      <Toasts />
    </div>
  )
}

function TopBar() {
  const farm = useFarm()
  return (
    <header class={styles.top}>
      <A href="/" class={styles.brand} end>
        <Icon name="logo" size={12} />
        <span>farm</span>
      </A>
      <nav aria-label="Main">
        <ul class={styles.places}>
          <For each={places}>
            {(place) => (
              <li>
                <A
                  href={place.href}
                  end={place.end ?? false}
                  class={styles.place}
                  activeClass={styles.here}
                >
                  {place.label}
                </A>
              </li>
            )}
          </For>
        </ul>
      </nav>
      <div class={styles.sentence}>
        <StatusWord kind="farm" status={farm.status()} />
      </div>
    </header>
  )
}

function StatusBar() {
  const farm = useFarm()
  const now = useClock()
  return (
    <footer class={styles.bottom} data-state={farm.liveState()}>
      <span class={styles.live}>
        <span class={styles.light} aria-hidden="true" />
        <Show
          when={farm.liveState() !== 'lost'}
          fallback={`connection lost · as of ${formatClock(farm.freshAt())}`}
        >
          {farm.liveState() === 'live' ? 'live' : 'connecting'}
          {farm.latencyMs() === undefined ? '' : ` · ${farm.latencyMs()} ms`}
        </Show>
      </span>
      <Show when={farm.liveState() === 'live'}>
        <span class={styles.age}>updated {formatAgo(farm.freshAt(), now())}</span>
      </Show>
      <span class={styles.footSentence}>
        <StatusWord kind="farm" status={farm.status()} />
      </span>
      <span class="spread" />
      <Show when={farm.outdated()}>
        <button type="button" class={styles.reload} onClick={() => location.reload()}>
          The manager was updated: reload
        </button>
      </Show>
      <span class={styles.version}>{farm.version()?.version}</span>
    </footer>
  )
}
