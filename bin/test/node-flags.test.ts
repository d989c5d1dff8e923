import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { serverFlags, workerFlags } from '../src/node-flags.ts'

test('the command starts Node with the flags that services and benches use', () => {
  const farm = readFileSync(join(import.meta.dirname, '../farm.mjs'), 'utf8')
  const flagsIn = (pattern: RegExp): string[] =>
    [...(pattern.exec(farm)?.[1] ?? '').matchAll(/'(--[^']+)'/g)].map((match) => match[1]!)
  assert.deepEqual(flagsIn(/worker: \[([^\]]+)\]/), [...workerFlags])
  assert.deepEqual(flagsIn(/\?\? \[([^\]]+)\]/), [...serverFlags])
})
