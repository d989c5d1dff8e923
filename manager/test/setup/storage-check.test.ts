import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkStoragePath } from '../../src/setup/storage-check.ts'

test('asking about a directory that is no storage of this manager writes nothing there', async (t) => {
  const top = mkdtempSync(join(tmpdir(), 'farm-check-'))
  t.after(() => rmSync(top, { recursive: true, force: true }))
  const [storage, elsewhere] = [join(top, 'storage'), join(top, 'elsewhere')]
  for (const dir of [storage, elsewhere]) mkdirSync(dir)
  const dirs = { ownDir: top, storage }
  const changedAt = (dir: string): bigint => statSync(dir, { bigint: true }).mtimeNs
  const [ofElsewhere, ofStorage] = [changedAt(elsewhere), changedAt(storage)]

  assert.equal((await checkStoragePath(elsewhere, dirs)).is_usable, true)
  assert.equal(changedAt(elsewhere), ofElsewhere)
  assert.equal((await checkStoragePath(storage, dirs)).is_usable, true)
  assert.notEqual(changedAt(storage), ofStorage, 'its own storage is really written to')

  const sly = await checkStoragePath(join(storage, '..', 'elsewhere'), dirs)
  assert.equal(sly.is_usable, true)
  assert.equal(changedAt(elsewhere), ofElsewhere)
  assert.equal((await checkStoragePath(join(top, 'none'), dirs)).is_usable, false)
})
