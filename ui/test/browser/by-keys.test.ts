import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { demoJobs } from '../../dev/seed-jobs.ts'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'
import { placesOf, settled } from './places.ts'

const farm = useSeededFarm({ jobs: demoJobs.slice(3), workers: 6 })
const at = (path: string): string => `${farm.manager.url}/app${path}`

test('on every page Tab reaches all there is to press or fill in, and shows where it is', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, at('/'))
  const wrong: string[] = []
  for (const [name, path] of Object.entries(await placesOf(farm.manager.url, farm.seeded))) {
    await page.goto(at(path))
    await settled(page)
    wrong.push(...(await walk(page)).map((what) => `${name}: ${what}`))
  }
  assert.deepEqual(wrong, [])
  assert.deepEqual(problems, [])
})

/** Presses Tab from the top until it comes round; tells what it passed over or did not show. */
async function walk(page: Page): Promise<string[]> {
  const hidden: string[] = []
  const seen = new Set<string>()
  const controls = await page.evaluate(numberControls)
  let last: string | undefined
  // A field for a time of day has a stop for its hours and one for its minutes.
  for (let presses = 0; presses < 4 * controls + 10; presses += 1) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(tellFocus)
    if (!stop || (seen.has(stop.id) && stop.id !== last)) break
    last = stop.id
    seen.add(stop.id)
    if (!stop.shows) hidden.push(`no sign of the focus on ${stop.html}`)
  }
  const passed = await page.evaluate(
    (reached) =>
      [...document.querySelectorAll<HTMLElement>('[data-stop]')]
        .filter((one) => one.checkVisibility() && !reached.includes(one.dataset.stop!))
        .map((one) => `Tab passes over ${one.outerHTML.slice(0, 90)}`),
    [...seen],
  )
  return [...hidden, ...passed]
}

/** Gives a number to each control that should be a stop: those of a list are reached by arrows from one of them. */
function numberControls(): number {
  const controls = 'a[href], button:not(:disabled), input:not(:disabled), select, [tabindex="0"]'
  const isOneOfGroup = (one: HTMLElement): boolean =>
    one instanceof HTMLInputElement && one.type === 'radio' && !one.checked
  let count = 0
  for (const one of document.querySelectorAll<HTMLElement>(controls)) {
    if (one.tabIndex < 0 || isOneOfGroup(one) || !one.checkVisibility()) continue
    if (getComputedStyle(one).visibility === 'hidden' || one.closest('[inert]')) continue
    one.dataset.stop = String(count)
    count += 1
  }
  return count
}

function tellFocus(): { id: string; shows: boolean; html: string } | undefined {
  const one = document.activeElement
  if (!(one instanceof HTMLElement) || one === document.body) return undefined
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one)
  const hasOutline = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1
  const { width, height } = one.getBoundingClientRect()
  const shows = (hasOutline || boxShadow !== 'none') && width > 0 && height > 0
  // Two links that came after the count may read alike.
  const late = document.querySelectorAll('[data-stop^="late"]').length
  one.dataset.stop ??= `late ${late}`
  return { id: one.dataset.stop, shows, html: one.outerHTML.slice(0, 90) }
}

test('the pages that have no key are found in the palette by their names', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, at('/'))
  await page.getByText(/^live/).waitFor()
  const places: readonly (readonly [string, string, string])[] = [
    ['tags', 'Tags', '/workers/tags'],
    ['plan a coll', 'Plan a collection', '/storage/gc'],
    ['job types', 'Job types: what they take', '/job-types'],
    ['checklist', 'Set-up checklist', '/welcome'],
    ['settings acc', 'Settings: access', '/settings/access'],
    ['settings chan', 'Settings: changes', '/settings/changes'],
    ['submit', 'Submit a project', '/jobs/submit'],
    ['add-on', 'Get the add-on', '/addon'],
    ['wall', 'Wall of newest frames', '/wall'],
  ]
  for (const [typed, name, path] of places) {
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog', { name: 'Commands' })
    await palette.getByRole('combobox').waitFor()
    await page.keyboard.type(typed)
    await palette.getByRole('option', { name, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(at(path))
    await palette.waitFor({ state: 'hidden' })
  }
  assert.deepEqual(problems, [])
})
