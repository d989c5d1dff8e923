import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 3,
  jobs: [{ name: 'shot', frames: '1-48', finish: 20, failing: [7], running: 2, pictures: true }],
})
const places = () => ['/', '/jobs', `/jobs/${farm.seeded.jobs[0]!.id}`, '/workers', '/storage']
const at = (path: string): string => `${farm.manager.url}/app${path}`

test('the theme follows the system until one is chosen, and the choice is kept', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at('/settings'))
  const canvas = () => page.evaluate(() => getComputedStyle(document.documentElement).background)
  const dark = await canvas()
  await page.emulateMedia({ colorScheme: 'light' })
  assert.notEqual(await canvas(), dark)
  await page.getByRole('button', { name: 'dark', exact: true }).click()
  assert.equal(await canvas(), dark)
  await page.reload()
  await page.getByText(/^live/).waitFor()
  assert.equal(await canvas(), dark)
})

test('forced colours keep every status apart by its glyph, and the grid its cells', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at(places()[2]!))
  await page.emulateMedia({ forcedColors: 'active' })
  await page.getByText(/in trouble/).waitFor()
  const colors = await page.evaluate(async () => {
    await new Promise((done) => setTimeout(done, 500))
    const canvas = document.querySelector('canvas')!
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    const seen = new Set<string>()
    for (let i = 0; i < data.length; i += 4) seen.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`)
    return seen.size
  })
  assert.ok(colors > 3, `${colors} colours in the grid`)
  const glyphs = page.locator('h1 svg.glyph')
  assert.equal(await glyphs.first().isVisible(), true)
})

test('nothing moves by itself where a person asked for reduced motion', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at('/jobs'))
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter((element) => {
        const { transitionDuration, animationDuration } = getComputedStyle(element)
        return [transitionDuration, animationDuration].some((text) => Number.parseFloat(text) > 0)
      }).length,
  )
  assert.equal(moving, 0)
})

test('from a phone to 4K and at twice the size of text, no page is wider than its window', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at('/'))
  const wide: string[] = []
  for (const path of places()) {
    await page.goto(at(path))
    await page.getByText(/^live/).waitFor({ state: 'attached' })
    // 720 by 450 is what a window of 1440 by 900 has at 200 %.
    for (const [width, height] of [
      [360, 740],
      [720, 450],
      [3840, 2160],
    ] as const) {
      await page.setViewportSize({ width, height })
      if ((await excess(page)) > 0) wide.push(`${path} at ${width}`)
    }
  }
  assert.deepEqual(wide, [])
})

test('what can be pressed is large enough to be hit by a finger', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at('/'), { width: 390, height: 844 })
  const small: string[] = []
  for (const path of places()) {
    await page.goto(at(path))
    await page.getByText(/^live/).waitFor({ state: 'attached' })
    await page.waitForTimeout(300)
    small.push(...(await tooSmall(page)).map((what) => `${path}: ${what}`))
  }
  assert.deepEqual(small, [])
})

async function excess(page: Page): Promise<number> {
  return page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
    return document.documentElement.scrollWidth - document.documentElement.clientWidth
  })
}

/** Buttons and fields under 24 px (WCAG 2.5.8); links in running text are excepted there. */
async function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, select, input:not([type=checkbox])')]
      .filter((element) => {
        const { width, height } = element.getBoundingClientRect()
        const isShown = element.checkVisibility() && width > 1
        return isShown && (width < 24 || height < 24) && !element.closest('.sr-only')
      })
      .map((element) => `${element.outerHTML.slice(0, 90)} ${element.offsetHeight} px`),
  )
}

test('across the newest picture the film passes by, unless a person asked for reduced motion', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at(places()[2]!))
  const newest = page.getByRole('button', { name: /^Open frame/ }).first()
  const oldest = page.getByRole('button', { name: /^Open frame/ }).last()
  // Who rendered it is told a moment later.
  const frameOf = async (picture: Locator): Promise<string | undefined> =>
    (await picture.textContent())?.split(' · ')[0]
  const own = await frameOf(newest)
  assert.notEqual(own, await frameOf(oldest))
  await newest.hover({ position: { x: 3, y: 20 } })
  assert.equal(await frameOf(newest), await frameOf(oldest))
  await page.mouse.move(2, 2)
  assert.equal(await frameOf(newest), own)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await newest.hover({ position: { x: 3, y: 20 } })
  assert.equal(await frameOf(newest), own)
})

test('two pictures are compared in one place, with an edge that keys move', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, at(places()[2]!))
  await page
    .getByRole('button', { name: /^Open frame/ })
    .last()
    .click()
  const box = page.getByRole('dialog', { name: /^Frame \d/ })
  assert.equal(await box.getByRole('img').count(), 1)
  await box.getByLabel('compare with').selectOption({ index: 1 })
  assert.equal(await box.getByRole('img').count(), 2)
  const edge = box.getByLabel('How much of the other picture is shown')
  await edge.focus()
  await page.keyboard.press('Home')
  assert.match(
    (await box.getByRole('img').last().getAttribute('style'))!,
    /inset\(0(px)? 100% 0(px)? 0/,
  )
  await page.keyboard.press('End')
  assert.match(
    (await box.getByRole('img').last().getAttribute('style'))!,
    /inset\(0(px)? 0%|inset\(0px\)/,
  )
  assert.deepEqual(problems, [])
})
