import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canDoToJob,
  jobStatuses,
  jobTransitions,
  operations,
  taskActions,
  taskStatuses,
} from '../src/main.ts'

test('no two operations share a method and a path', () => {
  const places = Object.values(operations).map(({ method, path }) => `${method} ${path}`)
  assert.equal(new Set(places).size, places.length)
})

test('the operations that only a worker may call are the ones that need its secret', () => {
  const guarded = Object.entries(operations)
    .filter(([, definition]) => 'auth' in definition && definition.auth === 'worker')
    .map(([id]) => id)
  assert.deepEqual(guarded.sort(), [
    'farmReportDoctor',
    'farmTaskOutput',
    'farmTaskOutputs',
    'farmTaskReusable',
    'farmWorkerUpcoming',
    'mayWorkerRun',
    'scheduleTask',
    'signOff',
    'signOn',
    'taskOutputProduced',
    'taskUpdate',
    'workerState',
    'workerStateChanged',
  ])
})

test('every status has its transitions and its actions', () => {
  assert.deepEqual(Object.keys(jobTransitions).sort(), [...jobStatuses].sort())
  assert.equal(canDoToJob('pause', 'completed'), false)
  assert.equal(canDoToJob('requeue', 'completed'), true)
  for (const from of Object.values(taskActions).flat()) assert.ok(taskStatuses.includes(from))
})
