import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  expandParameters,
  expandVariables,
  readVariables,
  toVariables,
  type VariablesConfig,
} from '../../src/variables/main.ts'

const studio: VariablesConfig = {
  render: {
    is_twoway: true,
    values: [
      { platform: 'linux', value: '/render/' },
      { platform: 'darwin', value: '/Volumes/render' },
      { platform: 'windows', value: 'R:\\' },
    ],
  },
  projects: {
    is_twoway: true,
    values: [
      { platform: 'linux', value: '/shared/projects' },
      { platform: 'darwin', value: '/Volumes/shared/projects' },
      { platform: 'windows', value: '\\\\nas\\projects' },
    ],
  },
  blender: {
    values: [
      { platform: 'linux', value: '/opt/blender/blender' },
      { platform: 'windows', value: 'C:\\Blender\\blender.exe' },
    ],
  },
  blenderArgs: { values: [{ platform: 'all', value: '-b -y' }] },
}

function define(config: VariablesConfig, jobsDir = '/shared/projects/.farm/jobs') {
  return readVariables(config, { jobsDir }).variables
}

function stored(text: string, platform: string, config = studio): string {
  return toVariables(text, { variables: define(config), platform })
}

function given(text: string, platform: string, config = studio): string {
  return expandVariables(text, {
    variables: define(config),
    audience: 'workers',
    platform,
    managerPlatform: 'linux',
  })
}

const table = [
  {
    submitter: ['darwin', '/Volumes/render/cosmos/sh010/######'],
    stored: '{render}/cosmos/sh010/######',
    linux: '/render/cosmos/sh010/######',
    windows: 'R:\\cosmos\\sh010\\######',
    darwin: '/Volumes/render/cosmos/sh010/######',
  },
  {
    submitter: ['windows', 'r:\\cosmos\\sh010\\######'],
    stored: '{render}\\cosmos\\sh010\\######',
    linux: '/render/cosmos/sh010/######',
    windows: 'R:\\cosmos\\sh010\\######',
    darwin: '/Volumes/render/cosmos/sh010/######',
  },
  {
    submitter: ['windows', 'R:/cosmos/sh010.blend'],
    stored: '{render}/cosmos/sh010.blend',
    linux: '/render/cosmos/sh010.blend',
    windows: 'R:\\cosmos\\sh010.blend',
    darwin: '/Volumes/render/cosmos/sh010.blend',
  },
  {
    submitter: ['windows', '\\\\NAS\\projects\\a b\\ü.blend'],
    stored: '{projects}\\a b\\ü.blend',
    linux: '/shared/projects/a b/ü.blend',
    windows: '\\\\nas\\projects\\a b\\ü.blend',
    darwin: '/Volumes/shared/projects/a b/ü.blend',
  },
  {
    submitter: ['linux', '/render'],
    stored: '{render}',
    linux: '/render',
    windows: 'R:\\',
    darwin: '/Volumes/render',
  },
  {
    submitter: ['linux', '{jobs}/cosmos-x3f9/sh010.blend'],
    stored: '{jobs}/cosmos-x3f9/sh010.blend',
    linux: '/shared/projects/.farm/jobs/cosmos-x3f9/sh010.blend',
    windows: '\\\\nas\\projects\\.farm\\jobs\\cosmos-x3f9\\sh010.blend',
    darwin: '/Volumes/shared/projects/.farm/jobs/cosmos-x3f9/sh010.blend',
  },
] as const

for (const row of table) {
  const [platform, path] = row.submitter
  test(`${path} of a ${platform} artist is stored as ${row.stored} and found by every worker`, () => {
    assert.equal(stored(path, platform), row.stored)
    for (const worker of ['linux', 'windows', 'darwin'] as const) {
      assert.equal(given(row.stored, worker), row[worker])
    }
  })
}

test('a path is replaced only at a path boundary', () => {
  assert.equal(stored('/renderfarm/out', 'linux'), '/renderfarm/out')
  assert.equal(stored('/mnt/render/out', 'linux'), '/mnt/render/out')
  assert.equal(given('/renderfarm/out', 'windows'), '/renderfarm/out')
})

test('of overlapping paths the longest wins, in whichever order they are configured', () => {
  const outer = { is_twoway: true, values: [{ platform: 'linux', value: '/mnt' }] }
  const inner = { is_twoway: true, values: [{ platform: 'linux', value: '/mnt/shots' }] }
  for (const config of [
    { outer, inner },
    { inner, outer },
  ]) {
    assert.equal(stored('/mnt/shots/a', 'linux', config), '{inner}/a')
    assert.equal(stored('/mnt/shotsold/a', 'linux', config), '{outer}/shotsold/a')
  }
})

test('case counts on Linux and not on Windows or macOS', () => {
  assert.equal(stored('/Render/a', 'linux'), '/Render/a')
  assert.equal(stored('/volumes/RENDER/a', 'darwin'), '{render}/a')
})

test('a two-way variable may stand for the whole file system or a drive', () => {
  const config: VariablesConfig = {
    root: {
      is_twoway: true,
      values: [
        { platform: 'linux', value: '/' },
        { platform: 'windows', value: 'Z:\\' },
        { platform: 'darwin', value: '/Volumes/all' },
      ],
    },
  }
  assert.equal(stored('/shots/a', 'linux', config), '{root}/shots/a')
  assert.equal(given('{root}/shots/a', 'linux', config), '/shots/a')
  assert.equal(given('{root}/shots/a', 'windows', config), 'Z:\\shots\\a')
  assert.equal(given('{root}/shots/a', 'darwin', config), '/Volumes/all/shots/a')
})

test('a user’s own path becomes the variable, and workers get theirs', () => {
  const config: VariablesConfig = {
    cloud: {
      is_twoway: true,
      values: [
        { audience: 'users', platform: 'linux', value: '/home/shared' },
        { audience: 'workers', platform: 'linux', value: '/mnt/bucket' },
      ],
    },
  }
  assert.equal(stored('/home/shared/x', 'linux', config), '{cloud}/x')
  assert.equal(stored('/mnt/bucket/x', 'linux', config), '{cloud}/x')
  assert.equal(given('{cloud}/x', 'linux', config), '/mnt/bucket/x')
})

test('one-way variables are replaced anywhere and leave separators alone', () => {
  assert.equal(given('{blender} {blenderArgs}', 'windows'), 'C:\\Blender\\blender.exe -b -y')
  assert.equal(given('pad=ceil(iw/2)*2:{unknown}\\n', 'windows'), 'pad=ceil(iw/2)*2:{unknown}\\n')
  assert.equal(stored('/opt/blender/blender', 'linux'), '/opt/blender/blender')
})

test('a variable without a value for the platform stays as it is', () => {
  assert.equal(given('{blender}', 'darwin'), '{blender}')
  assert.equal(given('{render}/x', 'freebsd'), '{render}/x')
})

test('parameters change in strings and lists of strings only', () => {
  const context = {
    variables: define(studio),
    audience: 'workers',
    platform: 'windows',
    managerPlatform: 'linux',
  } as const
  const nested = { path: '{render}/x' }
  assert.deepEqual(
    expandParameters(
      { '{render}': 1, exe: '{blender}', args: ['-o', '{render}/x', 3], nested },
      context,
    ),
    {
      '{render}': 1,
      exe: 'C:\\Blender\\blender.exe',
      args: ['-o', 'R:\\x', 3],
      nested,
    },
  )
  assert.equal(toVariables(3, { variables: define(studio), platform: 'linux' }), 3)
})

test('replacement values are text, not patterns', () => {
  const config = { odd: { values: [{ platform: 'all', value: "$& $1 $'" }] } }
  assert.equal(given('<{odd}>', 'linux', config), "<$& $1 $'>")
})

test('what a Linux artist submits comes back unchanged to a Linux worker', () => {
  const name = fc.stringMatching(/^[^/\\{}\0]{1,12}$/)
  fc.assert(
    fc.property(
      fc.array(name, { maxLength: 5 }),
      fc.constantFrom('/render', '/shared/projects'),
      (parts, root) => {
        const path = [root, ...parts].join('/')
        assert.equal(given(stored(path, 'linux'), 'linux'), path)
      },
    ),
  )
})
