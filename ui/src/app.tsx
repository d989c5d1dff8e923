import { Router } from '@solidjs/router'
import { FarmProvider } from './farm/farm.tsx'
import { routes } from './routes.tsx'
import { Shell } from './shell.tsx'

export function App() {
  return (
    <FarmProvider>
      <Router base="/app" root={Shell}>
        {routes}
      </Router>
    </FarmProvider>
  )
}
