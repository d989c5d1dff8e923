import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anchoringOf, decodePath, encodePath, resolveStored } from '../../src/trace/stored-path.ts'

test('a stored path of any bytes survives being a string', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.deepEqual(encodePath(decodePath(Buffer.from(bytes))), Buffer.from(bytes))
    }),
  )
})

test('an odd byte is kept beside letters that are right', () => {
  assert.equal(decodePath(Buffer.from('//tex/b\xffä.png', 'latin1')), '//tex/b\udcff\udce4.png')
  assert.equal(decodePath(Buffer.from('//tex/役.png')), '//tex/役.png')
})

test('paths resolve on POSIX as Blender resolves them', () => {
  const cases: [string, string | undefined][] = [
    ['//tex/a.png', '/p/shots/tex/a.png'],
    ['//../a.png', '/p/a.png'],
    ['//tex\\..\\a.png', '/p/shots/a.png'],
    ['/abs/a.png', '/abs/a.png'],
    ['\\abs\\a.png', '/abs/a.png'],
    ['C:\\proj\\a.png', undefined],
    ['c:/proj/a.png', undefined],
    ['\\\\nas\\share\\a.png', undefined],
    ['a.png', '/p/shots/a.png'],
    ['//', '/p/shots'],
  ]
  for (const [stored, want] of cases) {
    assert.equal(resolveStored(stored, '/p/shots', [], 'linux'), want, stored)
  }
})

test('paths resolve on Windows as Blender resolves them', () => {
  const cases: [string, string | undefined][] = [
    ['//tex/a.png', 'C:\\p\\shots\\tex\\a.png'],
    ['//..\\a.png', 'C:\\p\\a.png'],
    ['D:/x/a.png', 'D:\\x\\a.png'],
    ['\\\\nas\\share\\a.png', '\\\\nas\\share\\a.png'],
  ]
  for (const [stored, want] of cases) {
    assert.equal(resolveStored(stored, 'C:\\p\\shots', [], 'win32'), want, stored)
  }
})

test('a share is never taken for a path relative to the .blend', () => {
  assert.equal(anchoringOf('\\\\nas01\\proj\\c.png', 'linux'), 'foreign')
  assert.equal(anchoringOf('//nas01/proj/c.png', 'linux'), 'blend')
})

test('a drive can be mapped to a directory, in whichever case it is written', () => {
  const mappings = [{ from: 'E:\\job 7', to: '/mnt/job' }]
  assert.equal(resolveStored('e:/JOB 7/maps/c.png', '/p', mappings, 'linux'), '/mnt/job/maps/c.png')
  assert.equal(resolveStored('E:\\job 77\\c.png', '/p', mappings, 'linux'), undefined)
  assert.equal(
    resolveStored('/srv/a.png', '/p', [{ from: '/srv/', to: '/here' }], 'linux'),
    '/here/a.png',
  )
})
