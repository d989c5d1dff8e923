import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { images, tempDir, write, writeBlend } from './project-builder.ts'

const farm = join(dirname(fileURLToPath(import.meta.url)), '../../bin/src/main.ts')

function run(...args: string[]): { status: number | null; lines: string[]; problem: string } {
  const done = spawnSync(process.execPath, ['--no-node-snapshot', farm, 'pack', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  const lines = done.stdout.split('\n').filter((line) => line !== '')
  return { status: done.status, lines, problem: done.stderr }
}

test('list --json prints one object a line, each with what a program needs', (t) => {
  const dir = tempDir(t)
  write(dir, 'tex/a.png', 'pixels')
  const blend = writeBlend(dir, 'a.blend', images({ brick: '//tex/a.png', gone: '//gone.png' }))
  const { status, lines } = run('list', '--json', blend)
  assert.equal(status, 0)
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)).sort((a, b) => (a.status < b.status ? 1 : -1)),
    [
      {
        path: join(dir, 'tex/a.png'),
        stored: '//tex/a.png',
        kind: 'image',
        status: 'ok',
        size: 6,
        blend,
        users: [{ block: 'IMbrick', property: 'filepath', blend }],
        packPath: 'tex/a.png',
      },
      {
        path: join(dir, 'gone.png'),
        stored: '//gone.png',
        kind: 'image',
        status: 'missing',
        size: 0,
        blend,
        users: [{ block: 'IMgone', property: 'filepath', blend }],
        packPath: 'gone.png',
      },
    ],
  )
})

test('a damaged file is told with exit code 1, in words or as JSON', (t) => {
  const dir = tempDir(t)
  const blend = write(dir, 'a.blend', 'BLENDER-v403')
  const words = run('list', blend)
  assert.equal(words.status, 1)
  assert.match(words.problem, /a\.blend: The file ends too early/)
  const json = run('list', '--json', blend)
  const problem = JSON.parse(json.lines[0] ?? '{}')
  assert.equal(json.status, 1)
  assert.equal(json.lines.length, 1)
  assert.equal(problem.event, 'error')
  assert.equal(problem.code, 'BLEND_TRUNCATED')
})

test('of several files each is listed under its name, also behind one that is damaged', (t) => {
  const dir = tempDir(t)
  const bad = write(dir, 'bad.blend', 'BLENDER-v403')
  const [first, last] = [writeBlend(dir, 'first.blend', []), writeBlend(dir, 'last.blend', [])]
  const { status, lines, problem } = run('list', first, bad, last)
  assert.equal(status, 1)
  assert.deepEqual(
    lines,
    [first, last].flatMap((blend) => [`== ${blend}`, `needs no other file (project ${dir})`]),
  )
  assert.match(problem, /bad\.blend: The file ends too early/)
  const json = run('list', '--json', bad, join(dir, 'gone.blend'))
  assert.equal(json.status, 1)
  assert.deepEqual(
    json.lines.map((line) => JSON.parse(line).code),
    ['BLEND_TRUNCATED', 'BLEND_UNREADABLE'],
  )
})

test('an archive of no known kind is refused before anything is read', (t) => {
  const dir = tempDir(t)
  const { status, problem } = run('tar', join(dir, 'gone.blend'), join(dir, 'a.zip'))
  assert.equal(status, 1)
  assert.match(problem, /a\.zip ends neither in \.tar nor in \.tar\.zst/)
})

test('what the system refuses is told with what to do about it', (t) => {
  const dir = tempDir(t)
  const blend = writeBlend(dir, 'a.blend', [])
  const { status, problem } = run('folder', blend, join(write(dir, 'file'), 'folder'))
  assert.equal(status, 1)
  assert.match(problem, /^error: ENOTDIR.*\nA file is where a folder was expected/)
})

test('a name with control characters keeps to its line and commands no terminal', (t) => {
  const dir = tempDir(t)
  write(dir, 'a\n\u001b[2J\u009b.png')
  const blend = writeBlend(dir, 'a.blend', images({ a: '//a\n\u001b[2J\u009b.png' }))
  const { lines } = run('list', blend)
  assert.equal(lines.length, 3)
  assert.match(lines[1] ?? '', /a\\n\\u001b\[2J\\u009b\.png/)
})

test('a strict list fails when a file is missing, and a mapping can find it', (t) => {
  const dir = tempDir(t)
  write(dir, 'here/a.png')
  const blend = writeBlend(dir, 'a.blend', images({ a: 'X:\\there\\a.png' }))
  assert.equal(run('list', '--strict', blend).status, 1)
  const { status, lines } = run('list', '--strict', '--map', `X:/there=${dir}/here`, blend)
  assert.equal(status, 0, lines.join('\n'))
})

test('a packed folder verifies, and no longer when a file is lost from it', (t) => {
  const dir = tempDir(t)
  const blend = writeBlend(dir, 'show/a.blend', images({ a: write(dir, 'far/a.png') }))
  const out = join(dir, 'out')
  const packed = run('folder', '--json', blend, out)
  const report = JSON.parse(packed.lines[0] ?? '{}')
  assert.deepEqual([report.event, report.rewritten, report.files], ['packed', 1, 2])
  assert.equal(run('verify', out).status, 0)
  const info = JSON.parse(readFileSync(join(out, 'pack-info.json'), 'utf8'))
  write(out, info.blend, 'lost')
  assert.equal(run('verify', out).status, 1)
})
