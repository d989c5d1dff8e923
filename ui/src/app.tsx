import { Router } from '@solidjs/router'
import { AttentionProvider } from './farm/attention.tsx'
import { FarmProvider } from './farm/farm.tsx'
import { routes } from './routes.tsx'
import { Shell } from './shell.tsx'

export function App() {
  return (
    <FarmProvider>
      <AttentionProvider>
        <Router base="/app" root={Shell}>
          {routes}
        </Router>
      </AttentionProvider>
    </FarmProvider>
  )
}
