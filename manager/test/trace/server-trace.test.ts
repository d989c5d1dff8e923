import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { digestOf } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { buildBlend, layouts } from '../../../pack/test/blend-builder.ts'
import { images } from '../../../pack/test/project-builder.ts'
import { startS3 } from '../../../shaman/test/support/s3.ts'
import { openManager, type TestManager } from '../running-manager.ts'

/** A manager with a checkout of a scene that uses these images. */
async function openWithScene(
  t: TestContext,
  paths: Record<string, string>,
  others: Record<string, string> = {},
  config?: Record<string, unknown>,
): Promise<{ manager: TestManager; checkout: string }> {
  const manager = await openManager(t, config ? { config } : {})
  const contents = { ...others, 'shots/one.blend': buildBlend(layouts.le64!, images(paths)) }
  const files = Object.entries(contents).map(([path, content]) => {
    const bytes = Buffer.from(content)
    return { path, digest: digestOf(bytes), source: { bytes } }
  })
  const client = createShamanClient({ url: manager.url })
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'scene' })
  return { manager, checkout: checkoutPath }
}

test('a scene in a checkout is traced: what is there, what is missing, what lies outside', async (t) => {
  const paths = { there: '//../tex/a.png', gone: '//../tex/b.png', away: '/etc/hostname' }
  const { manager, checkout } = await openWithScene(t, paths, { 'tex/a.png': 'an image' })
  const body = { checkout_id: checkout, blend: 'shots/one.blend' }
  const found = await manager.client.farmTrace({ body })
  assert.deepEqual(
    found.dependencies.map(({ path, status, size }) => [path, status, size]).sort(),
    [
      ['/etc/hostname', 'outside', undefined],
      ['tex/a.png', 'ok', 8],
      ['tex/b.png', 'missing', 0],
    ],
  )
  assert.deepEqual([found.missing, found.outside], [1, 1])
  assert.deepEqual(found.dependencies.find(({ path }) => path === 'tex/a.png')?.users, [
    { block: 'IMthere', property: 'filepath', blend: 'shots/one.blend' },
  ])
})

test("what lies outside is told in the scene's words, whether it is there or not", async (t) => {
  const paths = { real: '/etc/hostname', not: '/etc/no-such-file', up: '//../../../../../x.png' }
  const { manager, checkout } = await openWithScene(t, paths)
  const body = { checkout_id: checkout, blend: 'shots/one.blend' }
  const { dependencies } = await manager.client.farmTrace({ body })
  assert.deepEqual(
    dependencies.map(({ path, status, size }) => [path, status, size]).sort(),
    Object.values(paths)
      .map((path) => [path, 'outside', undefined])
      .sort(),
  )
})

for (const blend of ['../../outside.blend', '/etc/hostname', 'shots', 'no/such.blend', 'a\\b']) {
  test(`"${blend}" is no scene in the checkout`, async (t) => {
    const { manager, checkout } = await openWithScene(t, {})
    const body = { checkout_id: checkout, blend }
    assert.equal((await manager.client.request('farmTrace', { body })).status, 404)
  })
}

test('a checkout is looked up by name, never taken as a path', async (t) => {
  const { manager } = await openWithScene(t, {})
  const body = { checkout_id: '../jobs/scene', blend: 'shots/one.blend' }
  assert.equal((await manager.client.request('farmTrace', { body })).status, 404)
})

test('where blobs are in a bucket it is told that no scene can be traced, and what to do', async (t) => {
  const { place, env } = await startS3(t)
  const before = process.env.AWS_ENDPOINT_URL_S3
  process.env.AWS_ENDPOINT_URL_S3 = env.AWS_ENDPOINT_URL_S3
  t.after(() => {
    if (before === undefined) delete process.env.AWS_ENDPOINT_URL_S3
    else process.env.AWS_ENDPOINT_URL_S3 = before
  })
  const config = { shaman: { enabled: true, blobsIn: place } }
  const { manager, checkout } = await openWithScene(t, { there: '//../tex/a.png' }, {}, config)
  const answer = await manager.client.request('farmTrace', {
    body: { checkout_id: checkout, blend: 'shots/one.blend' },
  })
  const { error_code, hint } = answer.body as { error_code?: string; hint?: string }
  assert.deepEqual([answer.status, error_code], [422, 'BLOBS_IN_BUCKET'])
  assert.match(hint!, /farm pack list/)
})

test('a file that is no scene is refused in words', async (t) => {
  const { manager, checkout } = await openWithScene(t, {}, { 'a.blend': 'this is no scene' })
  const answer = await manager.client.request('farmTrace', {
    body: { checkout_id: checkout, blend: 'a.blend' },
  })
  assert.equal(answer.status, 422)
  assert.match((answer.body as { message: string }).message, /cannot be traced: ./)
})
