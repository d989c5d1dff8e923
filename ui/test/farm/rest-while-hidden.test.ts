import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restWhileHidden } from '../../src/farm/rest-while-hidden.ts'

function watch(isHidden: boolean) {
  const told: string[] = []
  const page = Object.assign(new EventTarget(), { hidden: isHidden })
  const live = { rest: () => void told.push('rest'), wake: () => void told.push('wake') }
  const stop = restWhileHidden(live, page as never, 1000)
  const show = (isShown: boolean): void => {
    page.hidden = !isShown
    page.dispatchEvent(new Event('visibilitychange'))
  }
  return { told, show, stop }
}

test('a page that is hidden for a while rests, and wakes when it is seen', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { told, show } = watch(false)
  show(false)
  t.mock.timers.tick(999)
  assert.deepEqual(told, [])
  t.mock.timers.tick(1)
  assert.deepEqual(told, ['rest'])
  show(true)
  assert.deepEqual(told, ['rest', 'wake'])
})

test('a page that is hidden for a moment only does not rest', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { told, show } = watch(false)
  show(false)
  t.mock.timers.tick(500)
  show(true)
  t.mock.timers.tick(5000)
  assert.deepEqual(told, ['wake'])
})

test('a page that was never seen rests from the start', () => {
  const { told, show } = watch(true)
  assert.deepEqual(told, ['rest'])
  show(true)
  assert.deepEqual(told, ['rest', 'wake'])
})

test('a page that is gone is not watched any more', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { told, show, stop } = watch(false)
  show(false)
  stop()
  t.mock.timers.tick(5000)
  show(true)
  assert.deepEqual(told, [])
})
