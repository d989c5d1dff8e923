import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fastify from 'fastify'
import { registerDocs } from '../../src/docs/docs-routes.ts'
import { anchorOf, renderMarkdown } from '../../src/docs/render.ts'

function openDocs(t: TestContext, files: Record<string, string>) {
  const dir = mkdtempSync(join(tmpdir(), 'farm-docs-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const app = fastify()
  registerDocs(app, dir)
  t.after(async () => {
    await app.close()
    rmSync(dir, { recursive: true, force: true })
  })
  return app
}

test('pages are rendered, listed and linked; pictures are served beside them', async (t) => {
  const app = openDocs(t, {
    'README.md': '# Overview\n[next](storage.md#how-it-is-kept)',
    'storage.md': '# Storage & more\n## How it is kept\n![c](c.svg)',
    'c.svg': '<svg/>',
  })
  const overview = await app.inject('/docs/')
  assert.match(overview.body, /<a href="storage.md#how-it-is-kept">next<\/a>/)
  assert.match(overview.body, /<a href="\/docs\/storage.md">Storage &#38; more<\/a>/)
  assert.match((await app.inject('/docs/storage.md')).body, /<h2 id="how-it-is-kept">/)
  assert.equal((await app.inject('/docs/c.svg')).headers['content-type'], 'image/svg+xml')
  assert.equal((await app.inject('/docs')).statusCode, 308)
})

test('pages are listed in the order of the overview, and those it forgets behind them', async (t) => {
  const app = openDocs(t, {
    'README.md': '# Overview\n[z](zebra.md), [a](ant.md)',
    'ant.md': '# Ant',
    'bee.md': '# Bee',
    'zebra.md': '# Zebra',
  })
  const { body } = await app.inject('/docs/ant.md')
  const listed = [...body.matchAll(/href="\/docs\/(\w+)\.md"/g)].map(([, name]) => name)
  assert.deepEqual(listed, ['zebra', 'ant', 'bee'])
})

test('nothing outside the folder is served, and nothing that is no page', async (t) => {
  const app = openDocs(t, { 'README.md': '# Overview', 'notes.txt': 'secret' })
  for (const name of [
    '../package.json',
    '%2e%2e/package.json',
    'notes.txt',
    'a/b/c.md',
    '.md',
    'x.md%00',
  ]) {
    assert.equal((await app.inject(`/docs/${name}`)).statusCode, 404, name)
  }
})

test('what a page says is shown, never run', () => {
  const { html } = renderMarkdown(
    '# T\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](data:text/html,x)\n\n`<b>`',
  )
  assert.doesNotMatch(html, /<script|href="javascript|src="data:text/)
})

test('a link to a file that is not served is text', () => {
  const { html } = renderMarkdown('see [the store](../shaman/README.md)')
  assert.doesNotMatch(html, /href/)
  assert.match(html, /the store/)
})

test('anchors are those that hosts of repositories make', () => {
  assert.equal(anchorOf('Two-way variables: `{jobs}`, and more'), 'two-way-variables-jobs-and-more')
  assert.equal(anchorOf('PORT_IN_USE'), 'port_in_use')
})
