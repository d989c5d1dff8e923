import { type Accessor, createSignal } from 'solid-js'

const [now, setNow] = createSignal(Date.now())
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  setNow(Date.now())
}

function follow(): void {
  clearInterval(timer)
  timer = undefined
  if (document.hidden) return
  tick()
  timer = setInterval(tick, 1000)
}

/** One clock for every relative time on the page; it stands still while the page is hidden. */
export function useClock(): Accessor<number> {
  if (timer === undefined && !document.hidden) {
    follow()
    document.addEventListener('visibilitychange', follow)
  }
  return now
}
