import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { keepAwake, type Seeded, type SeedPlan, seedFarm } from '../../dev/seed.ts'

const uiDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'

export interface Running {
  url: string
  stop(): Promise<void>
}

/** A real manager process on empty folders. */
export async function startManagerProcess(
  port = 0,
  dir?: string,
): Promise<Running & { dir: string }> {
  const home = dir ?? (await mkdtemp(join(tmpdir(), 'farm-ui-')))
  const main = join(uiDir, '..', 'bin', 'src', 'main.ts')
  const args = [
    '--no-node-snapshot',
    main,
    'manager',
    '--port',
    String(port),
    '--host',
    '127.0.0.1',
  ]
  const child = spawn(
    process.execPath,
    [
      ...args,
      '--storage',
      join(home, 'storage'),
      '--data',
      join(home, 'data'),
      '--json',
      '--log-level',
      'warn',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const url = await listeningUrl(child)
  return {
    url,
    dir: home,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
      if (dir === undefined) await rm(home, { recursive: true, force: true })
    },
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = parse(line)
    if (event.event === 'listening' && event.url) {
      child.stdout!.resume()
      return event.url
    }
  }
  throw new Error('the manager ended before it listened')
}

function parse(line: string): { event?: string; url?: string } {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

/** Skips aloud where there is no browser; a build server must have one. */
export function needsChromium(t: TestContext): boolean {
  if (existsSync(chromiumPath)) return false
  if (process.env.CI === 'true') throw new Error(`no Chromium at ${chromiumPath}`)
  t.skip(`no Chromium at ${chromiumPath}; set CHROMIUM to its path`)
  return true
}

export async function openBrowser(): Promise<Browser> {
  await buildIfOutdated()
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface SeededFarm {
  manager: Running & { dir: string }
  seeded: Seeded
  browser: Browser
}

/** An empty manager and a browser for one test. */
export async function startFarm(t: TestContext): Promise<Pick<SeededFarm, 'manager' | 'browser'>> {
  const manager = await startManagerProcess()
  t.after(() => manager.stop())
  const browser = await openBrowser()
  t.after(() => browser.close())
  return { manager, browser }
}

/** A seeded manager and a browser for all tests of a file; filled before the first of them runs. */
export function useSeededFarm(plan: SeedPlan): SeededFarm {
  const farm = {} as SeededFarm
  let letSleep: (() => void) | undefined
  before(async () => {
    farm.manager = await startManagerProcess()
    farm.seeded = await seedFarm(farm.manager.url, plan)
    // On a slow machine the tests of a file outlast the time after which a silent worker is given up.
    letSleep = keepAwake(farm.seeded.workers)
    // Without one every test skips by itself, and says why.
    if (existsSync(chromiumPath) || process.env.CI === 'true') farm.browser = await openBrowser()
  })
  after(async () => {
    letSleep?.()
    await farm.browser?.close()
    await farm.manager?.stop()
  })
  return farm
}

export interface View {
  width?: number
  height?: number
  theme?: 'dark' | 'light'
}

export interface OpenPage {
  page: Page
  context: BrowserContext
  /** Errors the page threw or wrote; a test of ours wants none. */
  problems: string[]
}

export async function openPage(
  t: TestContext,
  browser: Browser,
  address: string,
  { width = 1440, height = 900, theme = 'dark' }: View = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme })
  t.after(() => context.close())
  const page = await context.newPage()
  // Far more than anything takes on a machine that is busy with other tests.
  page.setDefaultTimeout(60_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.stack ?? error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} (${message.location().url})`)
  })
  await page.goto(address)
  return { page, context, problems }
}

/** Builds the dashboard when a source is newer than the build; test files that run at once wait. */
export async function buildIfOutdated(): Promise<void> {
  const lock = join(uiDir, 'node_modules', '.build-lock')
  const built = join(uiDir, 'dist', 'index.html')
  while (!takeLock(lock)) {
    if (isFresh(built) && !existsSync(lock)) return
    await sleep(200)
  }
  try {
    if (!isFresh(built)) await build()
  } finally {
    rmdirSync(lock)
  }
}

function takeLock(lock: string): boolean {
  const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
  // A lock that old was left by a run that was killed.
  if (since !== undefined && Date.now() - since > 120_000) rmdirSync(lock)
  try {
    mkdirSync(lock)
    return true
  } catch {
    return false
  }
}

function isFresh(built: string): boolean {
  const at = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = globSync(['src/**/*', 'index.html', 'vite.config.ts'], { cwd: uiDir })
  return sources.every((file) => statSync(join(uiDir, file)).mtimeMs <= at)
}

async function build(): Promise<void> {
  const vite = join(uiDir, 'node_modules', 'vite', 'bin', 'vite.js')
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: uiDir,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`vite build ended with ${code}`)
}
