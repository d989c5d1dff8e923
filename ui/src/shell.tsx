import { A, type RouteSectionProps, useNavigate } from '@solidjs/router'
import { createSignal, ErrorBoundary, For, onCleanup, onMount, Show, Suspense } from 'solid-js'
import { useAttention } from './farm/attention.tsx'
import { tokenIsWanted } from './farm/auth.ts'
import { useClock } from './farm/clock.ts'
import { useFarm } from './farm/farm.tsx'
import { formatAgo, formatBytes, formatClock } from './farm/format.ts'
import { part } from './farm/page-parts.ts'
import { placeAbove } from './farm/place-above.ts'
import { createRead } from './farm/read.ts'
import { type StoreStats, storePaths } from './farm/store.ts'
import { nextTheme } from './farm/theme.ts'
import { toastHistory, undoLast } from './farm/toasts.ts'
import { listenForShortcuts, useShortcuts } from './farm/use-shortcuts.ts'
import { Announcer } from './parts/announcer.tsx'
import { Broken } from './parts/broken.tsx'
import { Dialog } from './parts/dialog.tsx'
import { Icon } from './parts/glyph.tsx'
import { Keys } from './parts/keys.tsx'
import { Loading } from './parts/loading.tsx'
import { StatusWord } from './parts/status-word.tsx'
import { Toasts } from './parts/toasts.tsx'
import { preloadJobPages } from './routes.tsx'
import styles from './shell.module.css'

const places = [
  { href: '/', label: 'Overview', end: true },
  { href: '/jobs', label: 'Jobs' },
  { href: '/workers', label: 'Workers' },
  { href: '/storage', label: 'Storage' },
]

type Overlay = 'palette' | 'help' | 'notices'

// Opened by a key or a click, so they need not be there before.
const Palette = part(() => import('./parts/palette.tsx'), 'Palette')
const Help = part(() => import('./parts/help.tsx'), 'Help')
const Notices = part(() => import('./parts/notices.tsx'), 'Notices')
const TokenDialog = part(() => import('./parts/token-dialog.tsx'), 'TokenDialog')

/** Top bar, page, status bar: what surrounds every page. */
export function Shell(props: RouteSectionProps) {
  const navigate = useNavigate()
  const [overlay, setOverlay] = createSignal<Overlay>()
  const close = (): void => void setOverlay(undefined)
  listenForShortcuts()
  // Before anybody asks for it, or what is typed at once would be lost.
  onMount(() => {
    const timer = setTimeout(() => {
      Palette.preload().catch(() => undefined)
      preloadJobPages()
    }, 1000)
    onCleanup(() => clearTimeout(timer))
  })
  useShortcuts([
    {
      keys: 'Mod+K',
      label: 'Find or do anything',
      group: 'Find',
      run: () => setOverlay('palette'),
    },
    { keys: '/', label: 'Find in this page', group: 'Find', run: focusFind },
    { keys: '?', label: 'Show the keys', group: 'View', run: () => setOverlay('help') },
    { keys: 't', label: 'Change the theme', group: 'View', run: nextTheme },
    { keys: 'm', label: 'Show the notices', group: 'View', run: () => setOverlay('notices') },
    { keys: 'u', label: 'Undo', group: 'View', run: () => void undoLast() },
    { keys: 'Escape', label: 'Go one place up', group: 'Go', run: () => goUp(navigate) },
    { keys: 'g o', label: 'Go to the overview', group: 'Go', run: () => navigate('/') },
    { keys: 'g a', label: 'Go to attention', group: 'Go', run: () => navigate('/attention') },
    { keys: 'g j', label: 'Go to the jobs', group: 'Go', run: () => navigate('/jobs') },
    { keys: 'n', label: 'Submit a project', group: 'Go', run: () => navigate('/jobs/submit') },
    { keys: 'g ,', label: 'Go to the settings', group: 'Go', run: () => navigate('/settings') },
    { keys: 'g s', label: 'Go to the storage', group: 'Go', run: () => navigate('/storage') },
    { keys: 'g w', label: 'Go to the workers', group: 'Go', run: () => navigate('/workers') },
  ])
  return (
    <div class={styles.shell}>
      <a class="button skip" href="#page">
        Skip to the page
      </a>
      <TopBar onPalette={() => setOverlay('palette')} onHelp={() => setOverlay('help')} />
      <main id="page" class={styles.page} tabindex="-1">
        <ErrorBoundary fallback={(error, reset) => <Broken error={error} reset={reset} />}>
          <Suspense fallback={<Loading what="the page" />}>{props.children}</Suspense>
        </ErrorBoundary>
      </main>
      <StatusBar onNotices={() => setOverlay('notices')} />
      <Toasts />
      <Announcer />
      <Overlays open={overlay()} onClose={close} />
    </div>
  )
}

/** What lies above the page while it is asked for. */
function Overlays(props: { open: Overlay | undefined; onClose: () => void }) {
  const [tokenPutOff, setTokenPutOff] = createSignal(false)
  const giveUp = (reset: () => void): void => {
    props.onClose()
    if (tokenIsWanted()) setTokenPutOff(true)
    reset()
  }
  return (
    <ErrorBoundary
      fallback={(error, reset) => (
        <Dialog open onClose={() => giveUp(reset)} title="Not there yet">
          <Broken error={error} reset={reset} />
        </Dialog>
      )}
    >
      <Suspense>
        <Show when={props.open === 'palette'}>
          <Palette open onClose={props.onClose} />
        </Show>
        <Show when={props.open === 'help'}>
          <Help open onClose={props.onClose} />
        </Show>
        <Show when={props.open === 'notices'}>
          <Notices open onClose={props.onClose} />
        </Show>
        <Show when={tokenIsWanted() && !tokenPutOff()}>
          <TokenDialog open onClose={() => setTokenPutOff(true)} />
        </Show>
      </Suspense>
    </ErrorBoundary>
  )
}

function goUp(navigate: (to: string) => void): void {
  const above = placeAbove(location.pathname.replace(/^\/app/, ''))
  if (above) navigate(above)
}

function focusFind(): void {
  document.querySelector<HTMLElement>('main [data-find]')?.focus()
}

function TopBar(props: { onPalette: () => void; onHelp: () => void }) {
  const farm = useFarm()
  const attention = useAttention()
  const waiting = () => attention.data()?.items.filter((item) => !item.acknowledged).length ?? 0
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
        {/* What comes and goes stands first: nothing beside it moves. */}
        <Show when={waiting() > 0}>
          <A href="/attention" class={styles.farm}>
            <StatusWord kind="task" status="soft-failed" text={String(waiting())} />{' '}
            <span class={styles.words}>{waiting() === 1 ? 'needs' : 'need'} attention</span>
          </A>
        </Show>
        <A href="/" class={`${styles.farm} ${styles.status}`}>
          <StatusWord kind="farm" status={farm.status()} />
        </A>
        <A href="/settings" class={`${styles.place} ${styles.keys}`} activeClass={styles.here}>
          Settings
        </A>
        <button type="button" class="button quiet" onClick={() => props.onPalette()}>
          <span class={styles.search}>
            <Icon name="search" size={14} />
          </span>
          <span class="sr-only">Commands</span>
          <span class={styles.keys}>
            <Keys keys="Mod+K" />
          </span>
        </button>
        <button type="button" class={`button quiet ${styles.keys}`} onClick={() => props.onHelp()}>
          <span class="sr-only">Keyboard help</span>
          <kbd>?</kbd>
        </button>
      </div>
    </header>
  )
}

function StatusBar(props: { onNotices: () => void }) {
  const farm = useFarm()
  const store = createRead<StoreStats>(() => storePaths.stats, { everyMs: 60_000 })
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
      <button type="button" class={styles.foot} onClick={() => props.onNotices()}>
        {toastHistory().length === 0 ? 'Notices' : `Notices ${toastHistory().length}`}
      </button>
      <Show when={store.data()}>
        {(stats) => (
          <A href="/storage" class={styles.gauge}>
            store {formatBytes(stats().bytes)} · {formatBytes(stats().freeBytes)} free
          </A>
        )}
      </Show>
      <span class={styles.version}>{farm.version()?.version}</span>
    </footer>
  )
}
