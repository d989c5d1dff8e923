import { setToken } from '../farm/auth.ts'
import { Dialog } from './dialog.tsx'

/** The farm asks who this is. A token comes from whoever runs the farm. */
export function TokenDialog(props: { open: boolean; onClose: () => void }) {
  let input!: HTMLInputElement
  const save = (event: SubmitEvent): void => {
    event.preventDefault()
    setToken(input.value.trim())
    // Everything on the page was refused: begin again with the token.
    location.reload()
  }
  return (
    <Dialog open={props.open} onClose={props.onClose} title="This farm asks for a token">
      <form class="stack" onSubmit={save}>
        <p class="muted">
          Ask whoever runs the farm for one, or make one with <code>farm token create</code> on the
          manager’s machine. It is kept until this tab is closed.
        </p>
        <label class="stack">
          <span>Token</span>
          <input
            ref={input}
            class="input mono"
            type="password"
            autocomplete="off"
            placeholder="farm_…"
            required
          />
        </label>
        <div>
          <button type="submit" class="button primary">
            Use this token
          </button>
        </div>
      </form>
    </Dialog>
  )
}
