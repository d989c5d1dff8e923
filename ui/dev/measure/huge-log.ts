import { openLog, writeLog } from './long-log.ts'
import type { Figures, Measuring } from './measuring.ts'
import { heapOf, median, openProbed } from './probe.ts'

// Of 53 bytes each: 500 MB.
const lines = 9_400_000

/** A log of half a gigabyte: opened, gone through from its end to its middle, and searched from its beginning to its end. */
export async function measureHugeLog({ browser, url, quick }: Measuring): Promise<Figures> {
  if (quick) return {}
  const job = await writeLog(url, 'huge log', lines)
  const page = await openProbed(browser, `${url}/app/jobs/${job}/tasks`)
  const before = await residentBytes(url)
  const opens: number[] = []
  for (let round = 0; round < 5; round += 1) {
    await page.goto(`${url}/app/jobs/${job}/tasks`)
    await page.getByRole('link', { name: 'render-1', exact: true }).waitFor()
    await page.waitForTimeout(1500)
    opens.push(await openLog(page))
  }
  const task = page.url().split('/').at(-1)!
  const middle = await timed(async () => {
    await page.goto(`${url}/app/logs/${task}#L${lines / 2}`)
    await page.getByRole('link', { name: String(lines / 2), exact: true }).waitFor()
  })
  const end = await timed(async () => {
    await page.getByRole('button', { name: 'To the end' }).click()
    await page.getByText('the last line').first().waitFor()
  })
  const search = await timed(async () => {
    await page.getByLabel('Find in log').fill('the last line')
    await page.getByText('1', { exact: true }).and(page.getByRole('status')).waitFor()
  })
  const figures = {
    'log of 500 MB opens, ms': median(opens),
    'page loaded at a line in the middle of 500 MB, ms': middle,
    'log of 500 MB back at its end, ms': end,
    'log of 500 MB searched whole, ms': search,
    'heap of the page with it, MB': (await (await heapOf(page))()) / 1e6,
    'memory the manager gained by it, MB': ((await residentBytes(url)) - before) / 1e6,
  }
  await page.context().close()
  return figures
}

async function timed(act: () => Promise<void>): Promise<number> {
  const from = performance.now()
  await act()
  return performance.now() - from
}

async function residentBytes(url: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) })
  const line = /^shaman_farm_process_resident_memory_bytes (\S+)$/m.exec(await answer.text())
  return Number(line?.[1])
}
