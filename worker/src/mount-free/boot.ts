import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { dirname } from 'node:path'

/** Names the time since the machine was last started. */
export function currentBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Clocks are set: a name that changes too often costs a look at the files, no more.
    return String(Math.round((Date.now() / 1000 - uptime()) / 60))
  }
}

/** Whether the machine has run ever since the note was written; without a note it has not. */
export function isSameBoot(note: string, boot: string): boolean {
  try {
    return readFileSync(note, 'utf8') === boot
  } catch {
    return false
  }
}

export function noteBoot(note: string, boot: string): void {
  mkdirSync(dirname(note), { recursive: true })
  writeFileSync(note, boot)
}
