// A manager whose clock stands still until it is told the time: node manager-with-a-clock.ts DATA_DIR NOW
import { startManager } from '@shaman-farm/manager'

const [dataDir, start] = process.argv.slice(2)
let now = Number(start)
process.on('message', (time: number) => {
  now = time
  process.send?.('set')
})
const manager = await startManager({
  dataDir: dataDir!,
  host: '127.0.0.1',
  port: 0,
  now: () => now,
})
process.once('SIGTERM', () => {
  process.disconnect()
  void manager.close()
})
process.send?.(manager.url)
