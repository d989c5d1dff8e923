import { test } from 'node:test'
import { killLoop } from './support/kill-loop.ts'

test('after 50 kills at random moments every acknowledged blob and checkout is there and right', (t) =>
  killLoop(t, { kills: 50, seed: 0 }))
