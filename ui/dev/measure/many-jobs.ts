import type { ManagerClient } from '@shaman-farm/manager-api'
import type { Figures, Measuring } from './measuring.ts'
import { median, openProbed } from './probe.ts'

const count = 1000

/** A thousand jobs: from the address to rows that answer to a key, with nothing cached. */
export async function measureManyJobs({
  browser,
  url,
  client,
  quick,
}: Measuring): Promise<Figures> {
  await submitJobs(client)
  const drawn: number[] = []
  const usable: number[] = []
  for (let round = 0; round < (quick ? 2 : 7); round += 1) {
    const page = await openProbed(browser, 'about:blank')
    await page.goto(`${url}/app/jobs`, { waitUntil: 'commit' })
    await page.waitForFunction(() => document.querySelectorAll('tbody tr[data-key]').length > 5)
    drawn.push(await page.evaluate(() => performance.now()))
    await page.locator('tbody tr[data-key]').first().focus()
    await page.keyboard.press('j')
    await page.waitForFunction(
      () => document.activeElement === document.querySelectorAll('tbody tr[data-key]')[1],
    )
    usable.push(await page.evaluate(() => performance.now()))
    await page.context().close()
  }
  return { '1,000 jobs drawn, ms': median(drawn), '1,000 jobs answer to a key, ms': median(usable) }
}

async function submitJobs(client: ManagerClient): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await client.submitJob({
        body: {
          name: `job ${next}`,
          type: 'echo-sleep-test',
          priority: 50,
          submitter_platform: 'linux',
          settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
        },
      })
    }
  }
  await Promise.all(Array.from({ length: 4 }, lane))
}
