import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstRouteBytes, firstRoutes } from '../dev/measure/first-route.ts'

const budget = 90_000

for (const route of firstRoutes) {
  test(`the first visit to the ${route} page loads at most ${budget / 1000} kB of gzipped JavaScript`, async () => {
    const bytes = await firstRouteBytes(route)
    console.log(`${route}: ${bytes} bytes`)
    assert.ok(bytes <= budget, `${bytes} bytes gzipped`)
  })
}
