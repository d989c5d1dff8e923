import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orphanedTypes } from '../../src/farm/left-workers.ts'

const worker = (id: string, types: string[], ...tags: string[]) => ({
  id,
  supported_task_types: types,
  tags: tags.map((tag) => ({ id: tag, name: tag })),
})
const both = [worker('a', ['blender', 'ffmpeg']), worker('b', ['blender'])]
const off = (workerId: string, taskType = 'blender') => ({ workerId, taskType })

test('a type of task is without workers once the last that takes it is kept off', () => {
  const takers = { workers: both, blocked: [] }
  assert.deepEqual(orphanedTypes([off('a'), off('b')], takers), ['blender'])
  assert.deepEqual(orphanedTypes([off('a')], takers), [])
  assert.deepEqual(orphanedTypes([off('a'), off('a', 'ffmpeg')], takers), ['ffmpeg'])
})

test('who is blocked already, or lacks the tag of the job, is none that is left', () => {
  const blocked = [{ worker_id: 'b', task_type: 'blender' }]
  assert.deepEqual(orphanedTypes([off('a')], { workers: both, blocked }), ['blender'])
  const workers = [...both, worker('c', ['blender'], 'gpu')]
  assert.deepEqual(orphanedTypes([off('c')], { workers, blocked: [], tag: 'gpu' }), ['blender'])
  assert.deepEqual(orphanedTypes([off('a'), off('b')], { workers, blocked: [] }), [])
})

test('what nobody takes today is not told as the doing of who is kept off', () => {
  const takers = { workers: both, blocked: [], tag: 'gpu' }
  assert.deepEqual(orphanedTypes([off('a'), off('b')], takers), [])
})
