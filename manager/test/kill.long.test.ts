process.env.FARM_KILLS ??= '12'
process.env.FARM_KILL_WORKERS ??= '50'
process.env.FARM_KILL_SLEEPS ??= '150'
await import('./kill.test.ts')
