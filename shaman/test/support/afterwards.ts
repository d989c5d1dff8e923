import type { TestContext } from 'node:test'

type Action = () => unknown

const actions = new WeakMap<TestContext, Action[]>()

/**
 * Has something done when a test is over, before what was asked for earlier: a directory goes away after the store in it
 * was closed. Hooks of the test runner are called in the order they were given, and not at all behind one that failed.
 */
export function afterwards(t: TestContext, action: Action): void {
  const known = actions.get(t)
  if (known !== undefined) {
    known.push(action)
    return
  }
  const stack = [action]
  actions.set(t, stack)
  t.after(async () => {
    const failures: unknown[] = []
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      try {
        await next()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  })
}
