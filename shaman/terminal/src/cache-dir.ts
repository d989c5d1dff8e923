import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/** Where caches of this user belong; they may be deleted at any time. */
export function userCacheDir(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') {
    return win32.join(
      env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'),
      'shaman-farm',
      'Cache',
    )
  }
  if (platform === 'darwin') return posix.join(home, 'Library', 'Caches', 'shaman-farm')
  return posix.join(env.XDG_CACHE_HOME || posix.join(home, '.cache'), 'shaman-farm')
}
