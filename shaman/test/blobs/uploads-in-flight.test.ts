import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUploadsInFlight } from '../../src/blobs/uploads-in-flight.ts'
import { randomBlob } from '../support/farm.ts'

const digests = Array.from({ length: 3 }, (_, i) => randomBlob(10 + i).digest)
const [first, second, third] = digests as [
  (typeof digests)[0],
  (typeof digests)[0],
  (typeof digests)[0],
]

test('many uploads run until each has ended', () => {
  const uploads = createUploadsInFlight()
  const end = uploads.beginAll(digests)
  const endAgain = uploads.beginAll([first])
  assert.equal(uploads.count(), 4)
  assert.ok(digests.every((digest) => uploads.isRunning(digest)))
  end(['stored', 'failed', 'stored'])
  assert.deepEqual(
    digests.map((digest) => uploads.isRunning(digest)),
    [true, false, false],
  )
  endAgain(['failed'])
  assert.equal(uploads.isRunning(first), false)
  assert.equal(uploads.count(), 0)
})

test('whoever waits for one of many uploads hears of its end, and of no other', async () => {
  const uploads = createUploadsInFlight()
  const end = uploads.beginAll([first, second])
  const endThird = uploads.beginAll([third])
  let heard = false
  const waiting = uploads.settled([first, second], 10_000).then(() => {
    heard = true
  })
  endThird(['stored'])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(heard, false)
  end(['stored', 'failed'])
  await waiting
  assert.equal(heard, true)
  await uploads.settled(digests, 10_000)
})

test('a watched upload is overtaken by one of many that is stored, and by none that fails', () => {
  const uploads = createUploadsInFlight()
  const end = uploads.beginAll([first, second])
  const watched = [first, second].map((digest) => uploads.begin(digest))
  end(['stored', 'failed'])
  assert.deepEqual(
    watched.map(({ overtaken }) => overtaken.aborted),
    [true, false],
  )
  assert.ok(uploads.isRunning(first))
  for (const upload of watched) upload.end('failed')
  for (const upload of watched) upload.end('failed')
  assert.equal(uploads.count(), 0)
  assert.equal(uploads.isRunning(first), false)
})
