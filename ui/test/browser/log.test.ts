import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssignedTask } from '@shaman-farm/manager-api'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 1,
  jobs: [{ name: 'logs', frames: '1', finish: 0 }],
})
const lines = 40_000
const lineOf = (n: number): string =>
  n === 12_345 ? 'Error: the one that matters' : `line ${n} ${'.'.repeat(20)}`

let writing: Promise<AssignedTask> | undefined

/** A task whose log is far more than is loaded at once, with one error well before its end. */
function writtenTask(): Promise<AssignedTask> {
  const begin = async (): Promise<AssignedTask> => {
    const task = (await farm.seeded.workers[0]!.client.scheduleTask()) as AssignedTask
    await write(task, Array.from({ length: lines }, (_, at) => `${lineOf(at + 1)}\n`).join(''))
    return task
  }
  writing ??= begin()
  return writing
}

async function write(task: AssignedTask, log: string): Promise<void> {
  await farm.seeded.workers[0]!.client.taskUpdate({ params: { task_id: task.uuid }, body: { log } })
}

test('a long log opens at its end, and what is far above is found by the manager', async (t) => {
  if (needsChromium(t)) return
  const task = await writtenTask()
  const address = `${farm.manager.url}/app/logs/${task.uuid}`
  const { page, problems } = await openPage(t, farm.browser, address)
  const log = page.getByRole('log')
  await log.getByText(`line ${lines} `).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('one that matters')
  await page.getByText('1', { exact: true }).and(page.getByRole('status')).waitFor()
  await page.keyboard.press('Enter')
  await log.getByText('Error: the one that matters').waitFor()
  await log.getByText('line 12344 ').waitFor()
  // The manager counted on the way: its own line, who got the task, is the first.
  await log.getByRole('link', { name: '12346', exact: true }).waitFor()
  assert.deepEqual(problems, [])
})

test('a log is followed until somebody scrolls up, and then tells how much is new', async (t) => {
  if (needsChromium(t)) return
  const task = await writtenTask()
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/logs/${task.uuid}`)
  const log = page.getByRole('log')
  await log.getByText(`line ${lines} `).waitFor()
  await write(task, 'one more line\n')
  await log.getByText('one more line').waitFor()
  await page.getByText('● following').waitFor()
  await log.evaluate((element) => {
    element.scrollTop -= 400
  })
  await page.getByRole('button', { name: 'To the end' }).waitFor()
  await write(task, 'unseen one\nunseen two\n')
  await page.getByRole('button', { name: '2 new lines' }).click()
  await log.getByText('unseen two').waitFor()
})

test('a log is read from its beginning to its end in a window that does not grow, and followed from there', async (t) => {
  if (needsChromium(t)) return
  const task = await writtenTask()
  const { page, problems } = await openPage(
    t,
    farm.browser,
    `${farm.manager.url}/app/logs/${task.uuid}`,
  )
  const log = page.getByRole('log')
  await log.getByText(`line ${lines} `).waitFor()
  await page.getByRole('button', { name: 'To the beginning' }).dispatchEvent('click')
  await log.getByText('line 1 ', { exact: false }).first().waitFor()
  await log.getByRole('link', { name: '1', exact: true }).waitFor()
  const most = await page.waitForFunction((last) => {
    const view = document.querySelector('[role=log]')!
    const seen = globalThis as unknown as { mostHeight?: number }
    seen.mostHeight = Math.max(seen.mostHeight ?? 0, view.scrollHeight)
    view.scrollTop = view.scrollHeight
    return view.textContent?.includes(last) ? seen.mostHeight : 0
  }, `line ${lines} `)
  assert.ok((await most.jsonValue()) / 18 < 26_000, `${await most.jsonValue()} px high`)
  await page.getByText('● following').waitFor()
  // All were counted from the first line on: the manager's own comes before them.
  await log.getByRole('link', { name: String(lines + 1), exact: true }).waitFor()
  await write(task, 'written at last\n')
  await log.getByText('written at last').waitFor()
  assert.deepEqual(problems, [])
})

test('a line has an address that opens the log there', async (t) => {
  if (needsChromium(t)) return
  const task = await writtenTask()
  // The manager's own line, who got the task, comes first.
  const address = `${farm.manager.url}/app/logs/${task.uuid}#L12346`
  const { page } = await openPage(t, farm.browser, address)
  await page.locator('[data-hit]', { hasText: 'the one that matters' }).waitFor()
  // Nothing came since: what is loaded was gone to.
  await page.getByRole('button', { name: 'To the end' }).waitFor()
  await page.goto(`${farm.manager.url}/app/logs/${task.uuid}#L99999999`)
  await page.reload()
  await page.getByText('● following').waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download the log' }).click(),
  ])
  assert.equal(download.suggestedFilename(), `task-${task.uuid}.log`)
})
