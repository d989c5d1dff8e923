import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execa } from 'execa'

const tellLoaded = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
await import(${JSON.stringify(new URL('../src/cli.ts', import.meta.url).href)})
console.log(loaded.join('\\n'))
`

test('a worker loads neither the schemas nor their library, whose memory is for Blender', async () => {
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', tellLoaded])
  const loaded = stdout.split('\n')
  assert.ok(loaded.some((url) => url.endsWith('/worker/src/session.ts')))
  assert.deepEqual(
    loaded.filter((url) => /\/typebox\/|\/schemas[/.]/.test(url)),
    [],
  )
})
