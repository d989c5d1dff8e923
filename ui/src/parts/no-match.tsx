import { EmptyState } from './empty-state.tsx'

/** A list of which the filter leaves nothing, and the way back to all of it. */
export function NoMatch(props: { what: string; onClear: () => void; small?: boolean }) {
  return (
    <EmptyState
      icon="search"
      small={props.small ?? false}
      title={`No ${props.what} matches.`}
      action={
        <button type="button" class="button" onClick={() => props.onClear()}>
          Clear the filter
        </button>
      }
    />
  )
}
