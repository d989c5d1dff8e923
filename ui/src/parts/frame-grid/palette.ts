import type { Palette } from './drawing.ts'

/** What the custom properties come to in the present theme; a canvas cannot read them by itself. */
export function readPalette(host: HTMLElement): Palette {
  const probe = document.createElement('span')
  // Else every colour would be the one colour of text where colours are forced.
  probe.style.setProperty('forced-color-adjust', 'none')
  host.append(probe)
  const color = (name: string): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const palette: Palette = {
    surface: color('surface'),
    text: color('text'),
    raised: color('border'),
    strong: color('text-3'),
    white: '#ffffff',
    status: {
      queued: color('queued'),
      waiting: color('border-strong'),
      active: color('active'),
      completed: color('completed'),
      skipped: color('completed'),
      'soft-failed': color('soft-failed'),
      failed: color('failed'),
      paused: color('paused'),
      canceled: color('canceled'),
    },
    ramp: blend([color('ramp-0'), color('ramp-1'), color('ramp-2'), color('ramp-3')], 32),
  }
  probe.remove()
  return palette
}

/** Steps between colours given as `rgb(r, g, b)`. */
export function blend(stops: readonly string[], steps: number): string[] {
  const parsed = stops.map((stop) => (stop.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number))
  return Array.from({ length: steps }, (_, step) => {
    const place = (step / (steps - 1)) * (parsed.length - 1)
    const at = Math.min(parsed.length - 2, Math.floor(place))
    const mixed = [0, 1, 2].map((channel) => {
      const from = parsed[at]?.[channel] ?? 0
      const to = parsed[at + 1]?.[channel] ?? 0
      return Math.round(from + (to - from) * (place - at))
    })
    return `rgb(${mixed.join(', ')})`
  })
}

/** Calls back when the system or the person changes the theme. */
export function onThemeChange(callback: () => void): () => void {
  const media = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map((query) =>
    matchMedia(query),
  )
  for (const one of media) one.addEventListener('change', callback)
  const observer = new MutationObserver(callback)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => {
    for (const one of media) one.removeEventListener('change', callback)
    observer.disconnect()
  }
}
