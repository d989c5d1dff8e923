import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBlenderLine } from '../../src/blender/output.ts'

for (const [style, lead] of [
  ['of Blender up to 4.3', ''],
  ['of Blender 4.4 and later', '00:03.215  render           | '],
] as const) {
  test(`lines ${style} are understood`, () => {
    const parse = (line: string): unknown => parseBlenderLine(lead + line)
    assert.deepEqual(parse("Saved: '/out/it's ö/fr-000001.png'"), {
      kind: 'saved',
      file: "/out/it's ö/fr-000001.png",
    })
    assert.deepEqual(parse('Time: 00:01.50 (Saving: 00:00.16)'), { kind: 'time', ms: 1500 })
    assert.deepEqual(parse('Time: 01:02:03.25'), { kind: 'time', ms: 3_723_250 })
    assert.deepEqual(parse('skipping existing frame "/out/1.png"'), {
      kind: 'skipped',
      file: '/out/1.png',
    })
    assert.deepEqual(parse('Skipping existing frame'), { kind: 'skipped', file: undefined })
    assert.deepEqual(parse('Append frame 3'), { kind: 'appended', frame: 3 })
    assert.deepEqual(parse('Fra:12 Mem:10.11M (Peak 10.23M) | Time:00:00.01 | Scene'), {
      kind: 'frame',
      frame: 12,
    })
  })
}

test('what only looks alike is not taken for it', () => {
  for (const line of [
    'Info: Saved "x.blend"',
    "Info: Saved: 'copy of render'",
    "echo Saved: '/etc/passwd'",
    'Total Time: 00:10',
    'not skipping existing frame',
    '',
  ]) {
    assert.equal(parseBlenderLine(line), undefined, line)
  }
})
