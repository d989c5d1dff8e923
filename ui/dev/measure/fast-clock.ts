import type { Page } from 'playwright-core'

/** Lets the page's time run so many times faster: its clock, its timers and what it polls. The network keeps its own. */
export async function runFast(page: Page, speed: number): Promise<void> {
  await page.addInitScript(hurry, speed)
}

/** Runs in the page, before anything of the page does. */
function hurry(speed: number): void {
  const now = Date.now.bind(Date)
  const sinceStart = performance.now.bind(performance)
  const { setTimeout: later, setInterval: again } = globalThis
  const begun = now()
  Date.now = () => begun + (now() - begun) * speed
  performance.now = () => sinceStart() * speed
  globalThis.setTimeout = ((act: TimerHandler, ms = 0, ...rest: unknown[]) =>
    later(act, ms / speed, ...rest)) as typeof setTimeout
  globalThis.setInterval = ((act: TimerHandler, ms = 0, ...rest: unknown[]) =>
    again(act, ms / speed, ...rest)) as typeof setInterval
}
