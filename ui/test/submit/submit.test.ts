import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AvailableJobType } from '../../src/farm/wire.ts'
import { checkoutPathOf, projectOf } from '../../src/submit/project.ts'
import { derivedSettings, fieldsOf, settingsOf } from '../../src/submit/settings.ts'
import { batchesOf } from '../../src/submit/upload.ts'

const file = (path: string, size = 10) => ({ path, file: new File([new Uint8Array(size)], path) })

test('a project leaves out backups and what systems leave behind, and finds its .blend files', () => {
  const project = projectOf('shot', [
    file('b.blend'),
    file('a/c.BLEND'),
    file('b.blend1'),
    file('.DS_Store'),
    file('.git/config'),
    file('tex/wood.png'),
  ])
  assert.deepEqual(
    project.files.map((one) => one.path),
    ['a/c.BLEND', 'b.blend', 'tex/wood.png'],
  )
  assert.deepEqual(project.blends, ['a/c.BLEND', 'b.blend'])
  assert.equal(project.bytes, 30)
})

test('a checkout path is plain whatever the name, and has its time', () => {
  const at = new Date('2026-03-04T05:06:07Z')
  assert.equal(checkoutPathOf('Frühling: Szene 2', at), 'Fru-hling-Szene-2-20260304-050607')
  assert.equal(checkoutPathOf('../..', at), 'project-20260304-050607')
})

test('small files go together and large ones alone', () => {
  const hashed = (name: string, size: number) => ({ ...file(name), sha: name, size })
  const small = Array.from({ length: 250 }, (_, index) => hashed(`s${index}`, 1000))
  const batches = batchesOf([...small, hashed('large', 5_000_000)])
  assert.deepEqual(
    batches.map((batch) => batch.length).sort((a, b) => a - b),
    [1, 50, 100, 100],
  )
})

const type: AvailableJobType = {
  name: 'render',
  label: 'Render',
  etag: 'x',
  settings: [
    { key: 'frames', type: 'string', required: true },
    { key: 'chunk_size', type: 'int32', default: 5 },
    { key: 'preview', type: 'bool', default: true },
    { key: 'note', type: 'string' },
    { key: 'render_output_root', type: 'string' },
    { key: 'render_output_path', type: 'string' },
    { key: 'blendfile', type: 'string' },
    { key: 'internal', type: 'string', visible: 'hidden' },
  ],
}

test('fields become settings of the right types, and what is empty is left out', () => {
  const fields = fieldsOf(type, {
    render_output_root: '/renders',
    jobs_location: '/jobs',
    shaman_enabled: true,
  })
  assert.deepEqual(settingsOf(fields), {
    frames: '1-24',
    chunk_size: 5,
    preview: true,
    render_output_root: '/renders',
  })
})

test('the .blend file and the output path follow from the checkout and the name', () => {
  const now = new Date('2026-03-04T05:06:07Z')
  assert.deepEqual(
    derivedSettings(type, {
      checkout: 'shot-1',
      blend: 'scenes/a.blend',
      name: 'sh/010',
      now,
      settings: { render_output_root: '/renders' },
    }),
    {
      blendfile: '{jobs}/shot-1/scenes/a.blend',
      render_output_path: '/renders/sh_010/2026-03-04_050607/######',
    },
  )
})
