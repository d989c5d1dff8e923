import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { userCacheDir } from '@shaman-farm/terminal/cache-dir'

// Compiling our modules anew would be two thirds of a short command's time. Never below /tmp, as is Node's default:
// there someone else could have put code before us.
try {
  enableCompileCache(join(userCacheDir(), 'compiled'))
} catch {
  // A user without a home directory compiles anew each time.
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has read enough, as `head` does.
  if (error.code === 'EPIPE') process.exit()
  throw error
})
await import('./command.ts')
