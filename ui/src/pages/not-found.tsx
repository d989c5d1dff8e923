import { A } from '@solidjs/router'
import { EmptyState } from '../parts/empty-state.tsx'

export function NotFound() {
  return (
    <>
      <h1 class="sr-only">Not found</h1>
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
    </>
  )
}
