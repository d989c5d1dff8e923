import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { serviceFile } from '../../src/install/service-files.ts'
import { isMissing } from '../required.ts'
import { tempDir } from '../temp.ts'

const argv = [
  process.execPath,
  '/opt/farm/bin/farm.mjs',
  'worker',
  '--name',
  'Büro "2" 100% $x & <y>',
]

test('systemd itself finds nothing wrong with the unit', async (t) => {
  const found = spawnSync('systemd-analyze', ['--version'])
  if (found.status !== 0) return t.skip('systemd-analyze is not here')
  const home = join(await tempDir(t), 'my home')
  await mkdir(home)
  const file = join(home, 'shaman-farm-worker.service')
  await writeFile(file, serviceFile('systemd', { argv, user: 'root', home }).text)
  const check = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  const ours = check.stderr.split('\n').filter((line) => line.includes('shaman-farm-worker'))
  assert.deepEqual(ours, [])
})

test('a unit restarts the worker when the farm asks for it, and only stops it gently', () => {
  const { text, steps } = serviceFile('systemd', { argv, user: 'render', home: '/home/render' })
  assert.match(text, /^RestartForceExitStatus=47$/m)
  assert.match(text, /^KillMode=mixed$/m)
  assert.match(text, /^User=render$/m)
  assert.match(text, /"Büro \\"2\\" 100%% \$\$x & <y>"/)
  assert.ok(steps.some((step) => step.includes('systemctl enable --now')))
})

test('the launchd list is XML that gives the arguments back', async (t) => {
  if (isMissing(t, 'python3')) return
  const { text } = serviceFile('launchd', { argv, user: 'x', home: '/Users/a & b' })
  const script =
    'import json,plistlib,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'
  const list = JSON.parse(
    execFileSync('python3', ['-c', script], { input: text, encoding: 'utf8' }),
  )
  assert.deepEqual(list.ProgramArguments, argv)
  assert.equal(list.WorkingDirectory, '/Users/a & b')
  assert.deepEqual(list.KeepAlive, { SuccessfulExit: false })
})

test('the Windows file starts again on the restart exit code alone, and is read as UTF-8', () => {
  const { text, steps } = serviceFile('windows', {
    argv: ['C:\\Program Files\\node.exe', 'x'],
    user: 'x',
    home: 'C:\\100% mine',
  })
  const lines = text.split('\r\n')
  assert.deepEqual(lines.slice(0, 3), ['@echo off', 'chcp 65001 >nul', 'cd /d "C:\\100%% mine"'])
  assert.equal(lines.at(-2), 'if %errorlevel% equ 47 goto again')
  assert.match(steps[0]!, /\/tr "\\"%CD%\\shaman-farm-worker\.cmd\\""$/)
})
