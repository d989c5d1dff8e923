import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { AvailableJobSetting } from '@shaman-farm/manager-api/schemas'
import { settingSubtypes, settingTypes, settingVisibilities } from '@shaman-farm/manager-api/status'
import { defaultConfig } from '../manager/src/config/schema.ts'
import { anchorOf } from '../manager/src/docs/render.ts'
import { defaultLimits } from '../manager/src/job-types/limits.ts'
import { defaultTiming } from '../worker/src/options.ts'
import { maxLineBytes } from '../worker/src/process/lines.ts'
import { callsIn, readCommands, unknownIn } from './command-lines.ts'
import { commandsPage } from './commands-page.ts'
import { jobTypesPage } from './job-types-page.ts'

const root = dirname(import.meta.dirname)
const docs = join(root, 'docs')
const page = (name: string): string => readFileSync(join(docs, name), 'utf8')

/** What follows a heading, up to the next. */
function headings(text: string): string[] {
  const outsideCode = text.replace(/^```[\s\S]*?^```/gm, '')
  return [...outsideCode.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!)
}

/** Codes that errors of the source carry, wherever they are made. */
function codesOfSource(): Set<string> {
  const codes = new Set<string>()
  const patterns = [
    /(?:\bcode: |\bcode = |error_code: )'([A-Z][A-Z0-9_]{3,})'/g,
    /new \w*Error\(\s*'([A-Z][A-Z0-9]*_[A-Z0-9_]+)'/g,
  ]
  for (const file of globSync('{bin,pack,shaman,worker,manager,ui}/**/src/**/*.{ts,tsx}', {
    cwd: root,
  })) {
    if (file.includes('node_modules') || file.includes('/demo/')) continue
    const text = readFileSync(join(root, file), 'utf8')
    const unions = [...text.matchAll(/type \w*ErrorCode =([\s\S]*?)\n\n/g)].map(([, body]) => body!)
    for (const [, code] of unions.join('\n').matchAll(/'([A-Z][A-Z0-9_]+)'/g)) codes.add(code!)
    for (const pattern of patterns) {
      for (const [, code] of text.matchAll(pattern)) codes.add(code!)
    }
  }
  // Words of the system's, not of ours.
  for (const name of Object.keys(constants.errno)) codes.delete(name)
  return codes
}

test('every error code has its place in the troubleshooting page', () => {
  const told = new Set(headings(page('troubleshooting.md')))
  const codes = codesOfSource()
  assert.ok(codes.size > 100, 'the search finds the codes')
  assert.deepEqual(
    [...codes].filter((code) => !told.has(code)),
    [],
    'errors without advice',
  )
  const advice = [...told].filter((heading) => /^[A-Z][A-Z_]+$/.test(heading))
  assert.deepEqual(
    advice.filter((code) => !codes.has(code)),
    [],
    'advice for errors that are no more',
  )
})

test('the page on failures tells the thresholds that are in force', () => {
  const text = page('failures.md')
  const minutes = (ms: number): string => `${ms / 1000} s`
  for (const key of [
    'blocklist_threshold',
    'task_fail_after_softfail_count',
    'job_fail_percent',
    'task_timeout',
    'worker_timeout',
    'stuck_after',
    'task_log_limit_mib',
  ] as const) {
    assert.ok(text.includes(`| \`${key}\` | ${defaultConfig[key]} |`), key)
  }
  const { describeMs, compileMs, heapMib, maxTasks } = defaultLimits
  assert.ok(text.includes(`| reading a script | ${minutes(describeMs)} |`))
  assert.ok(text.includes(`| compiling a job | ${minutes(compileMs)} |`))
  assert.ok(text.includes(`| memory of scripts | ${heapMib} MiB |`))
  assert.ok(text.includes(`| tasks of a job | ${maxTasks} |`))
  const { retryMinMs, retryMaxMs } = defaultTiming
  assert.ok(text.includes(`${retryMinMs} ms to ${retryMaxMs / 1000} s`))
  assert.ok(text.includes(`cut at ${maxLineBytes / 1024} KiB`))
})

test('the page on disk tells the periods that are in force', () => {
  const { period, maxAge } = defaultConfig.shaman.garbageCollect
  const text = page('gc-and-disk.md')
  assert.ok(text.includes(`maxAge\`: ${maxAge})`))
  assert.ok(text.includes(`period\`: ${period};`))
  assert.ok(text.includes(`history_expiry: ${defaultConfig.history_expiry}`))
})

test('the page of commands is what the commands say', async () => {
  const now = await commandsPage()
  assert.equal(page('commands.md'), now, 'write it anew: node test/commands-page.ts')
})

test('every command line of a page is one that the commands know', () => {
  const commands = readCommands(page('commands.md'))
  const pages = globSync('{*.md,docs/*.md,{addon,bench,manager,pack,shaman,ui,worker}/README.md}', {
    cwd: root,
  }).filter((name) => name !== 'docs/commands.md')
  const calls = pages.flatMap((name) =>
    callsIn(readFileSync(join(root, name), 'utf8')).map((call) => ({ name, call })),
  )
  assert.ok(calls.length > 50, `${calls.length} calls were found`)
  const unknown = calls.flatMap(({ name, call }) => {
    const what = unknownIn(call, commands)
    return what === undefined ? [] : [`${name}: ${what} in "farm ${call}"`]
  })
  assert.deepEqual(unknown, [])
})

test('the reference of job types is what the manager reads', async () => {
  const now = await jobTypesPage()
  assert.equal(page('job-types-reference.md'), now, 'write it anew: node test/job-types-page.ts')
})

test('the page on job types tells every field and every word of a setting', () => {
  const text = page('job-types.md')
  const fields = Object.keys(AvailableJobSetting.properties)
  const words = [...settingTypes, ...settingSubtypes, ...settingVisibilities]
  assert.ok(fields.length > 10 && words.length > 10, 'the schema is read')
  const untold = [...fields, ...words].filter((name) => !text.includes(`\`${name}\``))
  assert.deepEqual(untold, [])
})

test('every link of a page leads to a page, and to a heading on it', () => {
  const names = readdirSync(docs).filter((name) => name.endsWith('.md'))
  const anchors = new Map(names.map((name) => [name, headings(page(name)).map(anchorOf)]))
  const broken = names.flatMap((name) =>
    [...page(name).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^(https?:|mailto:|\.\.\/)/.test(target) && /\.md|^#/.test(target))
      .filter((target) => {
        const [file, anchor] = target.split('#')
        const known = anchors.get(file || name)
        return !known || (anchor !== undefined && !known.includes(anchor))
      })
      .map((target) => `${name}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('every test that the page on parity names is there', () => {
  const named = [...page('parity.md').matchAll(/`([\w/.-]+\.ts)`/g)].map(([, file]) => file!)
  assert.ok(named.length > 70, `${named.length} were found`)
  assert.deepEqual(
    named.filter((file) => !existsSync(join(root, file))),
    [],
  )
})

test('every page is reached from the overview', () => {
  const linked = page('README.md')
  const names = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md')
  assert.deepEqual(
    names.filter((name) => !linked.includes(`(${name})`)),
    [],
  )
})
