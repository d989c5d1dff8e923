import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 3,
  jobs: [{ name: 'titles', frames: '1-4', finish: 5 }],
})

test('a drag over the timeline chooses attempts, and their tasks are requeued', async (t) => {
  if (needsChromium(t)) return
  const job = farm.seeded.jobs[0]!
  const { page, problems } = await openPage(
    t,
    farm.browser,
    `${farm.manager.url}/app/jobs/${job.id}`,
  )
  const made = page.getByRole('region', { name: 'Made' })
  const bars = made.locator('canvas')
  await bars.scrollIntoViewIfNeeded()
  await made.getByRole('button', { name: 'Busy' }).waitFor()
  const box = (await bars.boundingBox())!
  await page.mouse.move(box.x + 1, box.y + 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 2, box.y + box.height - 2, { steps: 4 })
  await page.mouse.up()
  await made.getByText('5 attempts, 5 tasks').waitFor()
  await made.getByRole('button', { name: 'Requeue 5 tasks' }).click()
  await page.getByText('Requeued 5 tasks.').waitFor()
  await made.getByRole('button', { name: 'Clear' }).click()
  await made.getByRole('button', { name: 'Busy' }).waitFor()
  assert.deepEqual(problems, [])
})

test('no time under the bars is cut off at an edge, however wide the window', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/workers?view=timeline`)
  await page
    .getByText(/attempts?$/)
    .first()
    .waitFor()
  for (let width = 1000; width <= 1400; width += 20) {
    await page.setViewportSize({ width, height: 800 })
    const cut = await page.evaluate(async () => {
      for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
      const labels = [...document.querySelectorAll<HTMLElement>('[data-ticks] span')]
      const edge = labels[0]!.parentElement!.getBoundingClientRect()
      return labels
        .map((label) => label.getBoundingClientRect())
        .filter(({ left, right }) => left < edge.left - 1 || right > edge.right + 1).length
    })
    assert.equal(cut, 0, `${width} px wide`)
  }
})
