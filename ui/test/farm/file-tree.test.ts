import assert from 'node:assert/strict'
import { test } from 'node:test'
import { levelOf, type TreeFile, treeRows } from '../../src/farm/file-tree.ts'

const file = (path: string, size: number): TreeFile => ({ path, sha: path, size })
const files = [
  file('scene.blend', 50),
  file('textures/wood.png', 10),
  file('textures/old/wood.png', 30),
  file('textures.txt', 1),
]

test('a folder is listed before what is in it, the largest first, and only when it is open', () => {
  const shut = treeRows(files, new Set())
  assert.deepEqual(
    shut.map(({ path, size, files: count }) => [path, size, count]),
    [
      ['textures/', 40, 2],
      ['scene.blend', 50, 1],
      ['textures.txt', 1, 1],
    ],
  )
  const open = treeRows(files, new Set(['textures/']))
  assert.deepEqual(
    open.map(({ path, depth }) => [path, depth]),
    [
      ['textures/', 0],
      ['textures/old/', 1],
      ['textures/wood.png', 1],
      ['scene.blend', 0],
      ['textures.txt', 0],
    ],
  )
})

test('a level holds its files and its folders with all that lies below them', () => {
  const told = (folder: string) => levelOf(files, folder).map(({ key, bytes }) => [key, bytes])
  assert.deepEqual(told(''), [
    ['scene.blend', 50],
    ['textures/', 40],
    ['textures.txt', 1],
  ])
  assert.deepEqual(told('textures/'), [
    ['textures/old/', 30],
    ['textures/wood.png', 10],
  ])
})
