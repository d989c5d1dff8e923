import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readVariables, resolveVariables } from '../../src/variables/main.ts'

const jobsDir = '/mnt/farm/jobs'

function pickedValue(
  values: NonNullable<Parameters<typeof readVariables>[0][string]['values']>,
  target: Parameters<typeof resolveVariables>[1],
): string | undefined {
  const { variables } = readVariables({ v: { values } }, { jobsDir })
  return resolveVariables(variables, target).find(({ name }) => name === 'v')?.value
}

test('a value for the platform beats the value for all platforms', () => {
  const values = [
    { platform: 'linux', value: '/opt/blender' },
    { platform: 'all', value: 'blender' },
  ]
  assert.equal(pickedValue(values, { audience: 'workers', platform: 'linux' }), '/opt/blender')
  assert.equal(pickedValue(values, { audience: 'workers', platform: 'freebsd' }), 'blender')
})

test('a value for one audience is unseen by the other', () => {
  const values = [
    { audience: 'workers', platform: 'linux', value: '/farm' },
    { audience: 'users', platform: 'linux', value: '/home/farm' },
  ]
  assert.equal(pickedValue(values, { audience: 'workers', platform: 'linux' }), '/farm')
  assert.equal(pickedValue(values, { audience: 'users', platform: 'linux' }), '/home/farm')
  assert.equal(pickedValue(values.slice(0, 1), { audience: 'users', platform: 'linux' }), undefined)
})

test('several platforms share a value', () => {
  const values = [{ platforms: ['linux', 'darwin'], value: 'blender' }]
  assert.equal(pickedValue(values, { audience: 'users', platform: 'darwin' }), 'blender')
  assert.equal(pickedValue(values, { audience: 'users', platform: 'windows' }), undefined)
})

test('the variable jobs is the manager’s own, whatever the configuration says', () => {
  const config = { jobs: { values: [{ platform: 'all', value: '/elsewhere' }] } }
  const { variables, warnings } = readVariables(config, { jobsDir })
  const target = { audience: 'workers', platform: 'windows' } as const
  assert.deepEqual(resolveVariables(variables, target), [
    { name: 'jobs', isTwoway: false, value: jobsDir },
  ])
  assert.equal(warnings.length, 1)
})

test('values without a platform or for an unknown audience are told and left out', () => {
  const { variables, warnings } = readVariables(
    { v: { values: [{ value: 'a' }, { audience: 'robots', platform: 'all', value: 'b' }] } },
    { jobsDir },
  )
  assert.deepEqual(variables[0]?.values, [])
  assert.match(warnings.join('\n'), /no platform[\s\S]*robots/)
})
