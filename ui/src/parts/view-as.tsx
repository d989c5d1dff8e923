import { For } from 'solid-js'

/** The same things seen another way. */
export function ViewAs<View extends string>(props: {
  views: Readonly<Record<View, string>>
  view: View
  onView: (view: View) => void
}) {
  return (
    <div class="segments" role="group" aria-label="View as">
      <For each={Object.keys(props.views) as View[]}>
        {(one) => (
          <button type="button" aria-pressed={props.view === one} onClick={() => props.onView(one)}>
            {props.views[one]}
          </button>
        )}
      </For>
    </div>
  )
}
