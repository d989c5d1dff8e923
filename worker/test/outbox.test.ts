import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { type Delivery, type Outbox, openOutbox, type StoredUpdate } from '../src/outbox.ts'
import { tempDir } from './temp.ts'

const log = pino({ level: 'silent' })
const retry = { minMs: 1, maxMs: 2 }
const never = new AbortController().signal

interface Receiver {
  got: StoredUpdate[]
  /** The answer to the nth try. */
  answer: (nth: number, update: StoredUpdate) => Delivery
}

function opened(t: TestContext, home: string, now?: () => number): Outbox {
  const outbox = openOutbox({ home, log, retry, ...(now ? { now } : {}) })
  t.after(() => outbox.close().catch(() => {}))
  return outbox
}

function receive(outbox: Outbox, answer: Receiver['answer'] = () => 'done'): Receiver {
  const receiver: Receiver = { got: [], answer }
  let tries = 0
  outbox.start({
    async deliver(update) {
      tries += 1
      const outcome = receiver.answer(tries, update)
      if (outcome === 'done') receiver.got.push(update)
      return outcome
    },
  })
  return receiver
}

const activities = (updates: StoredUpdate[]): (string | undefined)[] =>
  updates.map(({ update }) => update.activity)

test('updates arrive in order, however often each has to be tried', async (t) => {
  const outbox = opened(t, await tempDir(t))
  const receiver = receive(outbox, (nth) => (nth % 3 === 0 ? 'done' : 'later'))
  for (let i = 0; i < 20; i++) outbox.add('task', { activity: `${i}` })
  await outbox.drained(never)
  assert.deepEqual(
    activities(receiver.got),
    Array.from({ length: 20 }, (_, i) => `${i}`),
  )
  const seqs = receiver.got.map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  )
})

test('what was not delivered is there at the next start, with the same numbers', async (t) => {
  const home = await tempDir(t)
  const first = opened(t, home)
  const tried: number[] = []
  receive(first, (_, { seq }) => {
    tried.push(seq)
    return 'later'
  })
  first.add('task', { activity: 'kept' })
  while (tried.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await first.close()
  const second = opened(t, home)
  const receiver = receive(second)
  await second.drained(never)
  assert.deepEqual(
    receiver.got.map(({ seq }) => seq),
    [tried[0]],
  )
})

test('numbers go on growing when the database was lost', async (t) => {
  const home = await tempDir(t)
  const first = opened(t, home, () => 1_000_000)
  const before = receive(first)
  first.add('task', {})
  await first.drained(never)
  await first.close()
  for (const suffix of ['', '-wal', '-shm'])
    await rm(join(home, `worker.sqlite${suffix}`), { force: true })
  const second = opened(t, home, () => 2_000_000)
  const after = receive(second)
  second.add('task', {})
  await second.drained(never)
  assert.ok(after.got[0]!.seq > before.got[0]!.seq)
})

test('a refused update makes way for the next one, and is told', async (t) => {
  const outbox = opened(t, await tempDir(t))
  const refused: string[] = []
  outbox.start({
    deliver: async ({ taskId }) => (taskId === 'gone' ? 'refused' : 'done'),
    onRefused: ({ taskId }) => refused.push(taskId),
  })
  outbox.add('gone', {})
  outbox.add('here', {})
  await outbox.drained(never)
  assert.deepEqual(refused, ['gone'])
})

test('waiting for an outbox that cannot deliver ends with the signal', async (t) => {
  const outbox = opened(t, await tempDir(t))
  receive(outbox, () => 'later')
  outbox.add('task', {})
  await outbox.drained(AbortSignal.timeout(20))
  assert.equal(outbox.size, 1)
})
