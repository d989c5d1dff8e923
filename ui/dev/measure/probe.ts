import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'

/** What a page went through since it was last asked. */
export interface Seen {
  /** Tasks of the main thread over 50 ms, in ms. */
  longTasks: number[]
  /** Sum of the scores of layout shifts that no input caused. */
  layoutShift: number
  /** What moved in them. */
  shifted: string[]
  /** Longest work inside one animation frame with its canvas drawn, in ms. */
  longestFrame: number
}

/** A page that keeps account of itself. */
export async function openProbed(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.addInitScript(keepAccount)
  await page.goto(address)
  return page
}

/** Runs in the page, before anything of the page does. */
function keepAccount(): void {
  const seen: Seen = { longTasks: [], layoutShift: 0, shifted: [], longestFrame: 0 }
  Object.assign(globalThis, { farmSeen: seen })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.longTasks.push(entry.duration)
  }).observe({ type: 'longtask', buffered: true })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const shift = entry as PerformanceEntry & {
        value: number
        hadRecentInput: boolean
        sources: { node?: Element }[]
      }
      if (shift.hadRecentInput) continue
      seen.layoutShift += shift.value
      for (const { node } of shift.sources)
        seen.shifted.push(`${node?.nodeName} ${node?.textContent?.slice(0, 60)}`)
    }
  }).observe({ type: 'layout-shift', buffered: true })
  const request = globalThis.requestAnimationFrame.bind(globalThis)
  globalThis.requestAnimationFrame = (work) =>
    request((time) => {
      const from = performance.now()
      work(time)
      // What a canvas was told is drawn later, unless somebody reads it back.
      document.querySelector('canvas')?.getContext('2d')?.getImageData(0, 0, 1, 1)
      seen.longestFrame = Math.max(seen.longestFrame, performance.now() - from)
    })
}

export async function forget(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { farmSeen } = globalThis as unknown as { farmSeen: Seen }
    Object.assign(farmSeen, { longTasks: [], layoutShift: 0, shifted: [], longestFrame: 0 })
  })
}

export function seenBy(page: Page): Promise<Seen> {
  return page.evaluate(() => (globalThis as unknown as { farmSeen: Seen }).farmSeen)
}

/** Asks for the bytes of the page's heap that are in use once what nobody holds is gone. */
export async function heapOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  return async () => {
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize
  }
}

export interface Held {
  /** Bytes of the heap. */
  heap: number
  /** Of all the page's documents. */
  nodes: number
  listeners: number
  /** Bytes that its process has for itself. */
  memory: number
}

/** What a page holds once what nobody needs is gone. */
export async function heldBy(page: Page): Promise<() => Promise<Held>> {
  const session = await page.context().newCDPSession(page)
  const heap = await heapOf(page)
  const memory = await processOf(page)
  return async () => {
    const bytes = await heap()
    const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters')
    return { heap: bytes, nodes, listeners: jsEventListeners, memory: await memory() }
  }
}

/** Tells the browser that memory is short, and waits until it has given up what it kept to be quicker: decoded pictures above all. */
export async function relieve(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Memory.simulatePressureNotification', { level: 'critical' })
  await page.waitForTimeout(5000)
}

/**
 * Asks the system for the bytes that the page's process shares with nobody: of the browser's renderers the largest. Up to
 * 200 MB of them are answers that it keeps for Playwright, which listens to the network; without it they are not there.
 */
async function processOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().browser()!.newBrowserCDPSession()
  return async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer')
    return Math.max(...(await Promise.all(renderers.map(({ id }) => ownBytes(id)))))
  }
}

async function ownBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Private_Dirty: +(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

export function longest(numbers: readonly number[]): number {
  return Math.max(0, ...numbers)
}
