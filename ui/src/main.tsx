import { render } from 'solid-js/web'
import { App } from './app.tsx'
import './style/tokens.css'
import './style/base.css'
import './style/controls.css'

// A page that was open during an update asks for parts that are gone: the new ones come with a reload.
window.addEventListener('vite:preloadError', (event) => {
  const last = Number(sessionStorage.getItem('farm.reloaded') ?? 0)
  if (Date.now() - last < 30_000) return
  sessionStorage.setItem('farm.reloaded', String(Date.now()))
  event.preventDefault()
  location.reload()
})

render(() => <App />, document.getElementById('app')!)
