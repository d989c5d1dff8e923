import type { Enrolment, NewToken, TokenInfo } from '@shaman-farm/manager-api'
import { createSignal, For, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { asApiError, call } from '../farm/api.ts'
import { setToken, token } from '../farm/auth.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { createRead } from '../farm/read.ts'
import { reportOf } from '../farm/report.ts'
import { toast } from '../farm/toasts.ts'
import { Ago } from './ago.tsx'
import { CopyButton } from './copy-button.tsx'
import styles from './job-actions.module.css'
import { Told } from './told.tsx'

interface WhoAmI {
  mode: 'open' | 'tokens'
  name?: string
  role?: string
}

const roles = ['artist', 'wrangler', 'admin', 'worker'] as const

/** Who may use this farm: its tokens, and the workers that ask to be let in. */
export function Access() {
  const who = createRead<WhoAmI>(() => '/farm/auth', { key: 'name' })
  return (
    <>
      <section class="card" aria-label="Access">
        <header>
          <h2>Access</h2>
          <Show when={token()}>
            <button
              type="button"
              class="button spread"
              onClick={() => {
                setToken(undefined)
                location.reload()
              }}
            >
              Forget my token
            </button>
          </Show>
        </header>
        <Told read={who} what="who may use this farm">
          {(data) => (
            <p class="muted">
              {data().mode === 'open'
                ? 'Everybody who reaches this manager may use it. Set auth to tokens in the configuration to ask for them.'
                : `You are ${data().name ?? 'nobody it knows'}, ${data().role ?? 'without a role'}.`}
            </p>
          )}
        </Told>
      </section>
      <Show when={who.data()?.mode === 'tokens'}>
        <Tokens />
        <Enrolments />
      </Show>
    </>
  )
}

function Tokens() {
  const read = createRead<{ tokens: TokenInfo[] }>(() => '/farm/auth/tokens')
  const [fresh, setFresh] = createSignal<NewToken>()
  const create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const data = new FormData(form)
    const body = { name: String(data.get('name')), role: String(data.get('role')) }
    try {
      setFresh(await call<NewToken>('/farm/auth/tokens', { method: 'POST', body }))
      form.reset()
    } catch (cause) {
      toast(asApiError(cause).message, { report: reportOf(cause) })
    }
    read.reload()
  }
  const revoke = async ({ id, name }: TokenInfo): Promise<void> => {
    const results = await actOnEach([id], () =>
      call(`/farm/auth/tokens/${id}`, { method: 'DELETE' }),
    )
    tellOutcome('Revoked', 'token', results, () => name)
    read.reload()
  }
  return (
    <section class="card" aria-label="Tokens">
      <header>
        <h2>Tokens</h2>
      </header>
      <form class="row-gap" onSubmit={(event) => void create(event)}>
        <input
          class="input"
          name="name"
          required
          maxlength="100"
          aria-label="Whose it is"
          placeholder="Whose it is"
        />
        <select class="input" name="role" aria-label="Role">
          <For each={roles}>{(role) => <option>{role}</option>}</For>
        </select>
        <button type="submit" class="button primary">
          Make a token
        </button>
      </form>
      <Show when={fresh()}>
        {(made) => (
          <p class="row-gap" role="status">
            <code>{made().token}</code>
            <CopyButton text={() => made().token} label="Copy" />
            <span class="muted">It is shown only now.</span>
          </p>
        )}
      </Show>
      <Told read={read} what="the tokens">
        {(data) => (
          <ul>
            <For
              each={data().tokens.filter((one) => !one.revoked_at)}
              fallback={<li class="muted">No token was made yet.</li>}
            >
              {(one) => (
                <li class="row-gap">
                  <b>{one.name}</b>
                  <span class="muted">
                    {one.role}, used <Ago time={one.last_used_at} none="never" />
                  </span>
                  <button type="button" class="button spread" onClick={() => void revoke(one)}>
                    Revoke
                  </button>
                </li>
              )}
            </For>
          </ul>
        )}
      </Told>
    </section>
  )
}

function Enrolments() {
  const read = createRead<{ workers: Enrolment[] }>(() => '/farm/auth/enrolments', {
    key: 'worker_id',
    everyMs: 15_000,
  })
  const approve = async ({ worker_id, name }: Enrolment): Promise<void> => {
    const results = await actOnEach([worker_id], (id) =>
      call(`/farm/auth/enrolments/${id}/approve`, { method: 'POST' }),
    )
    tellOutcome('Let in', 'worker', results, () => name)
    read.reload()
  }
  return (
    <Show when={(read.data()?.workers.length ?? 0) > 0}>
      <section class="card" aria-label="Workers that wait to be let in">
        <header>
          <h2>Workers that wait to be let in</h2>
        </header>
        <ul class={styles.form}>
          <For each={read.data()?.workers}>
            {(one) => (
              <li class="row-gap">
                <b>{one.name}</b>
                <span class="muted">
                  {one.platform}, {one.address}, asked <Ago time={one.asked_at} />
                </span>
                <button type="button" class="button spread" onClick={() => void approve(one)}>
                  Let it in
                </button>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  )
}
