import { test } from 'node:test'
import { killLoop } from './support/kill-loop.ts'

test('after 1,000 kills at random moments every acknowledged blob and checkout is there and right', (t) =>
  killLoop(t, 1000))
