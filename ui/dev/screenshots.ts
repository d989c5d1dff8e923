// Pictures of a seeded farm, for people to look at.
// `node ui/dev/screenshots.ts` keeps the few of the documentation in ui/docs;
// `node ui/dev/screenshots.ts --all FOLDER [--only NAME]` takes every page there, in both themes, wide and narrow.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { openBrowser, startManagerProcess } from '../test/browser/dashboard.ts'
import { keepAwake, type Seeded, seedFarm } from './seed.ts'

interface Shot {
  name: string
  path: string
  /** What somebody does before looking. */
  act?: (page: Page) => Promise<unknown>
}

interface Look {
  suffix: string
  width: number
  height: number
  theme: 'dark' | 'light'
}

const { values } = parseArgs({
  options: { all: { type: 'string' }, only: { type: 'string', default: '' } },
})
/** Smaller for the documentation, whose pictures everybody downloads. */
const wide = values.all === undefined ? { width: 1280, height: 800 } : { width: 1440, height: 900 }
const everyLook: readonly Look[] = [
  { suffix: '', ...wide, theme: 'dark' },
  { suffix: '-light', ...wide, theme: 'light' },
  { suffix: '-narrow', width: 360, height: 800, theme: 'dark' },
  { suffix: '-narrow-light', width: 360, height: 800, theme: 'light' },
]

/** Those of the documentation. */
const kept: Record<string, readonly string[]> = {
  overview: ['', '-light', '-narrow'],
  jobs: [''],
  job: ['', '-light', '-narrow'],
  workers: [''],
  worker: [''],
  storage: ['', '-light'],
  collection: [''],
  'submit-form': [''],
  welcome: [''],
}
/** A picture that nobody waits for. */
const mostBytes = 150_000

const folder = resolve(values.all ?? join(import.meta.dirname, '..', 'docs'))
await mkdir(folder, { recursive: true })
/** Something to submit. */
const project = join(await mkdtemp(join(tmpdir(), 'farm-ui-project-')), 'sh060_anim')
await mkdir(join(project, 'textures'), { recursive: true })
await writeFile(join(project, 'sh060_anim_v001.blend'), Buffer.alloc(420_000, 'B'))
await writeFile(join(project, 'textures', 'moss.png'), Buffer.alloc(1_800_000, 'm'))
const manager = await startManagerProcess()
const browser = await openBrowser()
try {
  const seeded = await seedFarm(manager.url)
  keepAwake(seeded.workers)
  for (const shot of shotsOf(seeded)) {
    if (!shot.name.includes(values.only)) continue
    for (const look of everyLook) {
      if (values.all !== undefined || kept[shot.name]?.includes(look.suffix)) {
        await shoot(browser, shot, look)
      }
    }
  }
} finally {
  await browser.close()
  await manager.stop()
  await rm(dirname(project), { recursive: true, force: true })
}

function shotsOf({ jobs, workers }: Seeded): Shot[] {
  const id = (name: string): string => jobs.find((job) => job.name === name)!.id
  const job = `/jobs/${id('sh020_anim_v014')}`
  const type = async (page: Page, keys: string, text = ''): Promise<void> => {
    await page.keyboard.press(keys)
    await page.waitForTimeout(200)
    await page.keyboard.type(text)
  }
  return [
    { name: 'overview', path: '/' },
    { name: 'attention', path: '/attention' },
    { name: 'jobs', path: '/jobs' },
    {
      name: 'jobs-selected',
      path: '/jobs',
      act: async (page) => {
        await page.getByLabel('Select sh020_anim_v014').check()
        await page.getByLabel('Select titles_v4').check()
      },
    },
    { name: 'jobs-wall', path: '/jobs?view=wall' },
    { name: 'jobs-none', path: '/jobs?q=nothing' },
    { name: 'job', path: job },
    {
      name: 'job-render-time',
      path: job,
      act: (page) => page.getByRole('button', { name: 'Render time' }).click(),
    },
    {
      name: 'job-chosen',
      path: job,
      act: (page) => page.getByRole('button', { name: 'Select them' }).click(),
    },
    {
      name: 'job-picture',
      path: job,
      act: (page) =>
        page
          .getByRole('button', { name: /^Open frame/ })
          .first()
          .click(),
    },
    {
      name: 'job-delete',
      path: `/jobs/${id('sh010_comp_v002')}`,
      act: (page) => page.getByRole('button', { name: /^Delete…/ }).click(),
    },
    { name: 'job-tasks', path: `${job}/tasks?status=failed,active` },
    { name: 'job-submission', path: `${job}/submission` },
    { name: 'job-settings', path: `${job}/settings` },
    { name: 'job-history', path: `${job}/history` },
    { name: 'job-diff', path: `${job}/diff/${id('sh010_comp_v002')}` },
    { name: 'job-frame', path: `${job}/frames/1001` },
    {
      name: 'task',
      path: `/jobs/${id('sh040_fx_v021')}/tasks`,
      act: async (page) => {
        await page.getByRole('link', { name: 'render-4', exact: true }).click()
        await page.getByRole('log').waitFor()
      },
    },
    {
      name: 'log',
      path: `/jobs/${id('sh040_fx_v021')}/tasks`,
      act: async (page) => {
        const row = page.getByRole('link', { name: 'render-4', exact: true })
        const task = (await row.getAttribute('href'))!.split('/').at(-1)
        await page.goto(`${manager.url}/app/logs/${task}`)
        await page.getByRole('log').waitFor()
      },
    },
    { name: 'workers', path: '/workers' },
    { name: 'workers-table', path: '/workers?view=table' },
    { name: 'workers-timeline', path: '/workers?view=timeline' },
    { name: 'worker', path: `/workers/${workers[1]!.uuid}` },
    { name: 'tags', path: '/workers/tags' },
    {
      name: 'storage',
      path: '/storage',
      act: async (page) => {
        await page.getByLabel('Remove spring/sh050_anim_v001 with the plan').check()
        await page.getByText('1 checkout in this plan').waitFor()
      },
    },
    {
      name: 'collection',
      path: '/storage/gc',
      act: async (page) => {
        await page.getByLabel('Checkouts nobody used for').focus()
        await page.keyboard.press('Home')
        await page.getByText(/checkouts? in this plan/).waitFor()
      },
    },
    { name: 'checkout', path: '/storage/checkouts/spring/sh020_anim_v014' },
    {
      name: 'blob',
      path: '/storage/checkouts/spring/sh020_anim_v014',
      act: async (page) => {
        await page.getByRole('button', { name: /textures/ }).click()
        await page.getByRole('link', { name: 'wood_1.png' }).click()
        await page.getByText(/held by/).waitFor()
      },
    },
    { name: 'checkout-map', path: '/storage/checkouts/spring/sh020_anim_v014', act: openMap },
    { name: 'submit', path: '/jobs/submit' },
    {
      name: 'submit-form',
      path: '/jobs/submit',
      act: (page) => page.getByLabel('Project folder').setInputFiles(project),
    },
    { name: 'wall', path: '/wall' },
    { name: 'settings', path: '/settings' },
    { name: 'settings-access', path: '/settings/access' },
    { name: 'settings-changes', path: '/settings/changes' },
    { name: 'welcome', path: '/welcome' },
    { name: 'job-types', path: '/job-types' },
    { name: 'not-found', path: '/no/such/page' },
    {
      name: 'lost-page',
      path: '/jobs',
      act: (page) => loseManager(page, () => page.getByRole('link', { name: 'Storage' }).click()),
    },
    {
      name: 'lost-overlay',
      path: '/jobs',
      act: (page) => loseManager(page, () => page.keyboard.press('?')),
    },
    { name: 'help', path: '/jobs', act: (page) => type(page, '?') },
    { name: 'palette', path: '/jobs', act: (page) => type(page, 'Control+k', 'sh0') },
    { name: 'notices', path: '/jobs', act: (page) => type(page, 'm') },
  ]
}

async function loseManager(page: Page, then: () => Promise<void>): Promise<void> {
  await page.context().setOffline(true)
  await then()
  await page.getByText('This part of the dashboard could not be fetched.').waitFor()
}

async function openMap(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Map', exact: true }).click()
  await page.getByRole('button', { name: /^textures 2\.08 MB/ }).click()
}

/** Runs in the page; those further down are fetched when somebody gets there. */
function areSeenImagesHere(): boolean {
  const isSeen = (image: Element): boolean => {
    const { top, left } = image.getBoundingClientRect()
    return top < innerHeight && left < innerWidth
  }
  return [...document.images].every((image) => image.complete || !isSeen(image))
}

async function shoot(browser: Browser, { name, path, act }: Shot, look: Look): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  // A machine may have more to do than this.
  page.setDefaultTimeout(30_000)
  try {
    await page.goto(`${manager.url}/app${path}`)
    await page.waitForTimeout(700)
    await act?.(page)
    await page.waitForTimeout(400)
    await page.waitForFunction(areSeenImagesHere)
  } catch (cause) {
    // One page that is not as it was must not cost the pictures of the others.
    console.error(`${name}${look.suffix}: ${cause instanceof Error ? cause.message : cause}`)
  }
  const file = join(folder, `${name}${look.suffix}.png`)
  await page.screenshot({ path: file })
  await context.close()
  const { size } = await stat(file)
  if (values.all === undefined && size > mostBytes) console.error(`${file} has ${size} bytes`)
}
