import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createManagerClient, ManagerError, type WorkerStatus } from '../src/main.ts'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a method fills in the path, the query and the body, and answers with the body', async (t) => {
  const seen: string[] = []
  const url = await serve(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.setHeader('content-type', 'application/json').end('{"jobs":[],"total":0,"counts":{}}')
  })
  const client = createManagerClient({ url, worker: { uuid: 'me', secret: 's' } })
  const page = await client.farmJobs({ query: { q: 'shot 1', limit: 10 } })
  assert.equal(page.total, 0)
  await client.fetchJob({ params: { job_id: 'a/b' } })
  assert.deepEqual(seen, [
    `GET /api/v3/farm/jobs?q=shot+1&limit=10 Basic ${btoa('me:s')}`,
    `GET /api/v3/jobs/a%2Fb Basic ${btoa('me:s')}`,
  ])
})

test('an empty answer is undefined', async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(204).end())
  assert.equal(await createManagerClient({ url }).scheduleTask(), undefined)
})

test('request tells the documented answers apart by status', async (t) => {
  const url = await serve(t, (_, response) =>
    response
      .writeHead(423, { 'content-type': 'application/json' })
      .end('{"status_requested":"asleep"}'),
  )
  const answer = await createManagerClient({ url }).request('scheduleTask')
  assert.equal(answer.status, 423)
  if (answer.status === 423) {
    const wanted: WorkerStatus = answer.body.status_requested
    assert.equal(wanted, 'asleep')
  }
})

test('a refusal is an error with the status, the message and the hint', async (t) => {
  const url = await serve(t, (_, response) =>
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"code":404,"message":"no such job","hint":"look at the list"}'),
  )
  await assert.rejects(createManagerClient({ url }).fetchJob({ params: { job_id: 'x' } }), {
    name: 'ManagerError',
    code: 'MANAGER_REFUSED',
    status: 404,
    hint: 'look at the list',
  })
})

test('a manager that is not there is told from one that does not answer', async (t) => {
  const url = await serve(t, () => {})
  const silent = createManagerClient({ url, timeoutMs: 50 }).getVersion()
  await assert.rejects(silent, { code: 'MANAGER_TIMEOUT' })
  const absent = createManagerClient({ url: 'http://127.0.0.1:9' }).getVersion()
  await assert.rejects(absent, { code: 'MANAGER_UNREACHABLE' })
})

test("the caller's own signal ends a call with the caller's reason", async (t) => {
  const url = await serve(t, () => {})
  const reason = new Error('changed my mind')
  const call = createManagerClient({ url }).getVersion({ signal: AbortSignal.abort(reason) })
  await assert.rejects(call, (error) => error === reason && !(error instanceof ManagerError))
})
