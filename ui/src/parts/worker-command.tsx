import type { NewToken, WhoAmI } from '@shaman-farm/manager-api'
import { createSignal, Show } from 'solid-js'
import { asApiError, call } from '../farm/api.ts'
import { createRead } from '../farm/read.ts'
import { reportOf } from '../farm/report.ts'
import { toast } from '../farm/toasts.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './worker-command.module.css'

/** The one line that makes a computer a worker of this farm, with an enrolment token where the farm asks for one. */
export function WorkerCommand() {
  const who = createRead<WhoAmI>(() => '/farm/auth', { key: 'name' })
  const [token, setToken] = createSignal<string>()
  const isGuarded = () => who.data()?.mode === 'tokens'
  const line = () => {
    const enrol = token() ? ` --token ${token()}` : ''
    return `farm worker --manager ${location.origin}${enrol}`
  }
  const enrol = async (): Promise<void> => {
    const body = { name: 'workers', role: 'worker', expires_in_s: 86_400 }
    try {
      setToken((await call<NewToken>('/farm/auth/tokens', { method: 'POST', body })).token)
    } catch (cause) {
      toast(asApiError(cause).message, { report: reportOf(cause) })
    }
  }
  return (
    <>
      <p class={styles.command}>
        <code>{line()}</code>
        <CopyButton text={line} what="the command" />
      </p>
      <Show when={isGuarded() && token() === undefined}>
        <p class="row-gap">
          <Show
            when={who.data()?.role === 'admin'}
            fallback={
              <span class="muted">
                This farm asks for a token: have an admin make one of the role worker, or let the
                worker in under Settings once it has signed on.
              </span>
            }
          >
            <button type="button" class="button" onClick={() => void enrol()}>
              Add a token for a day
            </button>
            <span class="muted">
              Without one the worker sleeps until it is let in under Settings.
            </span>
          </Show>
        </p>
      </Show>
    </>
  )
}
