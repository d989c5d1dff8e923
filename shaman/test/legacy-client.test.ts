import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { createShamanClient } from '../src/client/main.ts'
import { flamencoRoutes } from '../src/routes/flamenco.ts'
import { answerProblem } from '../src/routes/problems.ts'
import { openTestShaman, randomBlob, uploadFile } from './support/farm.ts'
import { openRequest, until } from './support/http.ts'

test("against a manager that knows only Flamenco's four operations the client still submits", async (t) => {
  const shaman = await openTestShaman(t)
  const app = fastify() as unknown as FastifyInstance
  await app.register(
    async (scope) => {
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      scope.setErrorHandler(answerProblem)
      flamencoRoutes(scope, shaman)
    },
    { prefix: '/api/v3/shaman' },
  )
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const client = createShamanClient({ url })
  t.after(async () => {
    await client.close()
    await app.close()
  })
  const files = [
    ...Array.from({ length: 20 }, (_, i) => uploadFile(`s/${i}`, randomBlob(i * 10))),
    uploadFile('large.blend', randomBlob(3_000_000)),
  ]
  // Another client is in the middle of one of them, and gives up.
  const [first] = files
  const large = files.at(-1)!.digest
  const rival = openRequest(`${url}/api/v3/shaman/files/${large.sha}/${large.size}`, {
    'content-length': '3000000',
  })
  await until(() => shaman.inFlight.isRunning(large))
  setTimeout(() => rival.close(), 100)
  const { checkoutPath, receipt } = await client.submit({ files, checkoutPath: 'old' })
  assert.equal(receipt.uploadedFiles, 21)
  assert.equal(receipt.wireBytes, receipt.uploadedBytes)
  const bytes = await readFile(join(shaman.jobsDir, checkoutPath, first!.path))
  assert.equal(bytes.length, first!.digest.size)
  const again = await client.submit({ files, checkoutPath: 'old' })
  assert.equal(again.receipt.uploadedFiles, 0)
})
