import { createSignal } from 'solid-js'

export const themes = ['system', 'dark', 'light'] as const
export type Theme = (typeof themes)[number]

const stored = localStorage.getItem('farm.theme')
const [theme, setSignal] = createSignal<Theme>(
  stored === 'dark' || stored === 'light' ? stored : 'system',
)

export { theme }

export function setTheme(next: Theme): void {
  setSignal(next)
  if (next === 'system') {
    localStorage.removeItem('farm.theme')
    delete document.documentElement.dataset.theme
  } else {
    localStorage.setItem('farm.theme', next)
    document.documentElement.dataset.theme = next
  }
}

export function nextTheme(): void {
  setTheme(themes[(themes.indexOf(theme()) + 1) % themes.length]!)
}

export const densities = ['dense', 'comfortable'] as const
export type Density = (typeof densities)[number]
const [density, setDensitySignal] = createSignal<Density>(
  localStorage.getItem('farm.density') === 'comfortable' ? 'comfortable' : 'dense',
)

export { density }

export function setDensity(next: Density): void {
  setDensitySignal(next)
  localStorage.setItem('farm.density', next)
  if (next === 'dense') delete document.documentElement.dataset.density
  else document.documentElement.dataset.density = next
}
