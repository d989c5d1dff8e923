import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '@shaman-farm/shaman/digest'
import {
  frameKeys,
  listedFrames,
  type RenderIdentity,
  withFrames,
} from '../../src/reuse/frame-keys.ts'
import { command } from '../manager-stand-in.ts'

function render(parameters: Record<string, unknown> = {}, args: string[] = []) {
  return command('blender-render', {
    exe: 'blender',
    exeArgs: '-b -y',
    blendfile: '/farm/jobs/a/shot.blend',
    args: ['--render-output', '/farm/renders/a/######', ...args, '--render-frame', '1..3,7'],
    ...parameters,
  })
}

const base: RenderIdentity = {
  command: render(),
  checkout: '/farm/jobs/a',
  manifest: [
    { path: 'shot.blend', ...digestOf(Buffer.from('one')) },
    { path: 'a.png', ...digestOf(Buffer.from('two')) },
  ],
  blender: 'Blender 4.3.2\nbuild hash: abc',
  platform: 'linux-x64',
}
const keyOf = (changes: Partial<RenderIdentity> = {}, frame = 1): string =>
  frameKeys({ ...base, ...changes })(frame)

test('where a checkout and the frames lie, which frames are asked for, what Blender is called and how long it may take change no key', () => {
  const elsewhere = render({
    exe: '/opt/blender',
    blendfile: '/farm/jobs/b/shot.blend',
    args: ['--render-output', '/other/####', '--render-frame', '2'],
    timeLimitMinutes: 90,
    stallMinutes: 0,
  })
  assert.equal(keyOf({ command: elsewhere, checkout: '/farm/jobs/b' }), keyOf())
  assert.equal(keyOf({ manifest: base.manifest.toReversed() }), keyOf())
})

const other = { path: 'a.png', ...digestOf(Buffer.from('three')) }
for (const [what, changes] of Object.entries<Partial<RenderIdentity>>({
  'a changed file': { manifest: [base.manifest[0]!, other] },
  'a file under another name': {
    manifest: [base.manifest[0]!, { ...base.manifest[1]!, path: 'b' }],
  },
  'another file of the checkout': { command: render({ blendfile: '/farm/jobs/a/other.blend' }) },
  'another scene': { command: render({}, ['--scene', 'B']) },
  'other options before the file': { command: render({ argsBefore: ['-noaudio'] }) },
  'missing files let pass': { command: render({ missing: 'ignore' }) },
  'another build of Blender': { blender: 'Blender 4.3.2\nbuild hash: abd' },
  'another platform': { platform: 'darwin-arm64' },
})) {
  test(`${what} makes another key`, () => assert.notEqual(keyOf(changes), keyOf()))
}

test('each frame has its key', () => {
  assert.notEqual(keyOf({}, 2), keyOf({}, 1))
  assert.match(keyOf(), /^[0-9a-f]{64}$/)
})

test('the frames of one list are known, and can be made fewer', () => {
  assert.deepEqual(listedFrames(render())?.frames, [1, 2, 3, 7])
  const fewer = withFrames(render(), [1, 2, 3, 5, 7, 8])
  assert.deepEqual((fewer.parameters.args as string[]).at(-1), '1..3,5,7..8')
  assert.deepEqual(listedFrames(fewer)?.frames, [1, 2, 3, 5, 7, 8])
})

test('frames that cannot be left out one by one are not known', () => {
  for (const args of [
    ['-o', '/r/#', '-s', '1', '-e', '3', '-a'],
    ['-o', '/r/#', '-f', '1', '-f', '2'],
    ['-o', '/r/#', '-F', 'FFMPEG', '-f', '1..3'],
    ['-f', '1'],
    ['-o', '/r/#', '-f', '+1'],
  ]) {
    assert.equal(listedFrames(command('blender-render', { exe: 'b', args })), undefined, `${args}`)
  }
  assert.equal(listedFrames(command('exec', { exe: 'b', args: ['-f', '1'] })), undefined)
})
