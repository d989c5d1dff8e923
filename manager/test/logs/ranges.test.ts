import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openManager, signOnWorker, submitEcho } from '../running-manager.ts'

test('a piece of a log is read by its offset, from its end or from a line, and says where it is', async (t) => {
  const manager = await openManager(t)
  await submitEcho(manager)
  const worker = await signOnWorker(manager)
  const params = { task_id: (await worker.client.scheduleTask())!.uuid }
  await worker.client.taskUpdate({ params, body: { log: 'erste Zeile: grün\nzweite\ndritte' } })
  const path = `${manager.url}/api/v3/farm/tasks/${params.task_id}/log`
  const read = async (query: string) => {
    const response = await fetch(`${path}?${query}`)
    const [offset, size] = ['offset', 'size'].map((name) =>
      Number(response.headers.get(`x-farm-log-${name}`)),
    )
    return { text: await response.text(), offset, size }
  }
  const { text: whole, offset, size } = await read('')
  const bytes = Buffer.from(whole)
  assert.deepEqual([offset, size], [0, bytes.length])
  const at = bytes.indexOf('zweite')
  assert.deepEqual(await read(`offset=${at}&limit=6`), { text: 'zweite', offset: at, size })
  assert.deepEqual(await read('tail=7'), { text: 'dritte\n', offset: size! - 7, size })
  assert.deepEqual(await read(`offset=${size! + 10}`), { text: '', offset: size, size })
  const { matches } = await manager.client.farmTaskLogSearch({ params, query: { q: 'ZWEITE' } })
  assert.deepEqual(
    matches.map((match) => [match.offset, match.text]),
    [[at, 'zweite']],
  )
  const from = await read(`line=${matches[0]!.line}&limit=6`)
  assert.deepEqual(from, { text: 'zweite', offset: at, size })
})
