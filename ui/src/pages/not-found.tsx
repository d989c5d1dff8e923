import { A } from '@solidjs/router'
import { EmptyState } from '../parts/empty-state.tsx'

export function NotFound() {
  return (
    <EmptyState
      icon="search"
      title="There is no such page."
      sentence="The address may be from another version of the dashboard."
      action={
        <A href="/" class="button">
          Go to the overview
        </A>
      }
    />
  )
}
