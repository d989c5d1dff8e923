import { execa } from 'execa'

/** How long ago somebody last touched keyboard or mouse, in ms; undefined where nobody can tell. */
export type IdleTime = () => Promise<number | undefined>

interface Way {
  argv: readonly string[]
  /** Undefined when the program said nothing of use. */
  read(said: string, now: number): number | undefined
}

const xprintidle: Way = { argv: ['xprintidle'], read: (said) => number(/^(\d+)\s*$/, said) }

// What the desktop tells logind: times in microseconds of the wall clock.
const logind: Way = {
  argv: [
    'loginctl',
    'show-seat',
    'seat0',
    '-p',
    'ActiveSession',
    '-p',
    'IdleHint',
    '-p',
    'IdleSinceHint',
  ],
  read(said, now) {
    if (!/^ActiveSession=\S/m.test(said)) return undefined
    if (/^IdleHint=no$/m.test(said)) return 0
    const since = number(/^IdleSinceHint=(\d+)$/m, said)
    return since === undefined ? undefined : Math.max(0, now - since / 1000)
  },
}

const ioreg: Way = {
  argv: ['ioreg', '-c', 'IOHIDSystem', '-d', '4'],
  read(said) {
    const nanoseconds = number(/"HIDIdleTime" = (\d+)/, said)
    return nanoseconds === undefined ? undefined : nanoseconds / 1e6
  },
}

// Both counts are of milliseconds since the start, in 32 bits.
const lastInput = `Add-Type 'using System; using System.Runtime.InteropServices; public struct Last { public uint size; public uint time; }
public static class Input { [DllImport("user32.dll")] static extern bool GetLastInputInfo(ref Last last);
public static uint Idle() { var last = new Last(); last.size = 8; GetLastInputInfo(ref last); return (uint)Environment.TickCount - last.time; } }'
[Input]::Idle()`
const windows: Way = {
  argv: ['powershell', '-NoProfile', '-NonInteractive', '-Command', lastInput],
  read: (said) => number(/^(\d+)\s*$/, said),
}

export const ways: Readonly<Partial<Record<NodeJS.Platform, readonly Way[]>>> = {
  linux: [xprintidle, logind],
  darwin: [ioreg],
  win32: [windows],
}

/** By the first way of this system that says something; or by a command of one's own that prints seconds. */
export function idleTimeHere(command?: string): IdleTime {
  const found = command === undefined ? (ways[process.platform] ?? []) : [ownWay(command)]
  return async () => {
    for (const way of found) {
      const [exe, ...args] = way.argv
      const result = await execa(exe!, args, { reject: false, timeout: 5_000, stdin: 'ignore' })
      const idleMs = result.failed ? undefined : way.read(result.stdout, Date.now())
      if (idleMs !== undefined) return idleMs
    }
    return undefined
  }
}

function ownWay(command: string): Way {
  const shell = process.platform === 'win32' ? ['cmd', '/c', command] : ['/bin/sh', '-c', command]
  return {
    argv: shell,
    read(said) {
      const seconds = number(/^(\d+(?:\.\d+)?)\s*$/, said)
      return seconds === undefined ? undefined : seconds * 1000
    },
  }
}

function number(pattern: RegExp, text: string): number | undefined {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}
