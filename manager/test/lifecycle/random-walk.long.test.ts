process.env.FARM_WALKS ??= '3000'
await import('./random-walk.test.ts')
