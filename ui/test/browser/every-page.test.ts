import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { demoJobs } from '../../dev/seed-jobs.ts'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'
import { placesOf, settled } from './places.ts'

const farm = useSeededFarm({ jobs: demoJobs.slice(3), workers: 6 })
const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

test('axe finds nothing on any page in either theme, and no page is wider than its window', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/`)
  const found: string[] = []
  for (const [name, path] of Object.entries(await placesOf(farm.manager.url, farm.seeded))) {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(`${farm.manager.url}/app${path}`)
    await settled(page)
    for (const theme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      // Only colours differ between the themes.
      const rules = theme === 'dark' ? everyRule : colorRules
      found.push(...(await violations(page, rules)).map((one) => `${name}, ${theme}: ${one}`))
    }
    for (const width of [360, 768, 1920]) {
      await page.setViewportSize({ width, height: 800 })
      const over = await excessWidth(page)
      if (over > 0) found.push(`${name} at ${width} px: ${over} px too wide`)
    }
  }
  assert.deepEqual(found, [])
  assert.deepEqual(problems, [])
})

async function excessWidth(page: Page): Promise<number> {
  // Two frames: a canvas takes its new size in the first.
  return page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
    const main = document.querySelector('main')!
    return Math.max(
      document.documentElement.scrollWidth - document.documentElement.clientWidth,
      main.scrollWidth - main.clientWidth,
    )
  })
}

const everyRule = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const colorRules = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

async function violations(page: Page, runOnly: unknown): Promise<string[]> {
  await page.evaluate(await axe)
  return page.evaluate(async (runOnly) => {
    const { axe: runner } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{
          violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[]
        }>
      }
    }
    const result = await runner.run({ runOnly })
    return result.violations.map(
      ({ id, nodes }) =>
        `${id} at ${nodes[0]?.html.slice(0, 160)} (${nodes.length}) ${nodes[0]?.failureSummary?.slice(0, 300)}`,
    )
  }, runOnly)
}
