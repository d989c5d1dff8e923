import type { JobsQueryResult } from '@shaman-farm/manager-api'
import { A, useParams } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { usesOfCheckouts } from '../farm/checkout-jobs.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { type CheckoutInfo, checkoutHref, pinCheckout, storePaths } from '../farm/store.ts'
import { CheckoutContents } from '../parts/checkout-contents.tsx'
import { ErrorPanel } from '../parts/error-panel.tsx'
import { Icon } from '../parts/glyph.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { ReceiptFacts } from '../parts/receipt.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import { Told } from '../parts/told.tsx'
import page from './page.module.css'

/** What is in this checkout, who uses it, what changed since another? */
export function CheckoutPage() {
  const params = useParams<{ path: string }>()
  const path = () => decodeURIComponent(params.path ?? '')
  const info = createRead<CheckoutInfo>(() => storePaths.checkout(path()), { key: 'path' })
  const jobs = createRead<JobsQueryResult>(() => '/jobs')
  const users = createMemo(() => usesOfCheckouts(jobs.data()?.jobs ?? []).get(path())?.jobs ?? [])
  const pin = async (pinned: boolean): Promise<void> => {
    const set = (value: boolean) => actOnEach([path()], (one) => pinCheckout(one, value))
    tellOutcome(pinned ? 'Pinned' : 'Unpinned', 'checkout', await set(pinned), path, () => {
      void set(!pinned).then(info.reload)
    })
    info.reload()
  }
  return (
    <div class={page.page}>
      <PageHead above={{ href: '/storage', label: 'Storage' }} kind="checkout" title={path()}>
        <Show when={info.data()}>
          {(data) => (
            <button
              type="button"
              class="button"
              aria-pressed={data().pinned}
              title="A pinned checkout is never removed"
              onClick={() => void pin(!data().pinned)}
            >
              <Icon name="pin" size={14} />
              {data().pinned ? 'Pinned' : 'Pin'}
            </button>
          )}
        </Show>
      </PageHead>
      <Show when={info.error()}>
        {(error) => <ErrorPanel error={error()} onRetry={info.reload} what="the checkout" />}
      </Show>
      <div class={page.two}>
        <CheckoutContents path={path()} />
        <div class="stack">
          <Show when={info.data()}>
            {(data) => (
              <section class="card" aria-label="Receipt">
                <header>
                  <h2>Receipt</h2>
                </header>
                <dl class="facts">
                  <ReceiptFacts info={data()} />
                  <dt>Shared</dt>
                  <dd>{formatBytes(data().sharedBytes)} with other checkouts</dd>
                </dl>
              </section>
            )}
          </Show>
          <section class="card" aria-label="Jobs">
            <header>
              <h2>Jobs with it</h2>
            </header>
            <Told read={jobs} what="the jobs">
              {() => (
                <ul>
                  <For each={users()} fallback={<li class="muted">No job uses it.</li>}>
                    {(job) => (
                      <li class="row-gap">
                        <A href={`/jobs/${job.id}`}>{job.name}</A>
                        <StatusWord kind="job" status={job.status} />
                      </li>
                    )}
                  </For>
                </ul>
              )}
            </Told>
          </section>
        </div>
      </div>
    </div>
  )
}

export function BlobPage() {
  const params = useParams<{ sha: string; size: string }>()
  const holders = createRead<{ checkouts: string[] }>(() =>
    storePaths.holders(params.sha!, params.size!),
  )
  return (
    <div class={page.page}>
      <PageHead
        above={{ href: '/storage', label: 'Storage' }}
        kind="blob"
        title={
          <span class="mono" style={{ 'overflow-wrap': 'anywhere' }}>
            {params.sha}
          </span>
        }
      />
      <Told read={holders} what="the blob">
        {(data) => (
          <section class="card" aria-label="Checkouts">
            <header>
              <h2>
                {formatBytes(Number(params.size))}, held by{' '}
                {formatCount(data().checkouts.length, 'checkout')}
              </h2>
              <a
                class="button spread"
                href={storePaths.blob(params.sha!, Number(params.size))}
                download={params.sha!}
              >
                <Icon name="download" size={14} />
                Download
              </a>
            </header>
            <ul>
              <For
                each={data().checkouts}
                fallback={
                  <li class="muted">
                    No checkout holds it. If the store has it, a collection removes it.
                  </li>
                }
              >
                {(checkout) => (
                  <li>
                    <A href={checkoutHref(checkout)}>{checkout}</A>
                  </li>
                )}
              </For>
            </ul>
          </section>
        )}
      </Told>
    </div>
  )
}
