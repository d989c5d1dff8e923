import { formatBytes, formatCount } from '@shaman-farm/terminal'
import { InvalidArgumentError } from 'commander'
import type { BlobCount } from './schemas.ts'

/** A number of blobs and their bytes in words. */
export function countOf({ blobs, bytes }: BlobCount): string {
  return `${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}`
}

/** Prints facts as JSON where that was asked for, else in words. */
export function tell(options: { json?: boolean }, facts: unknown, words: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(facts) : words()}\n`)
}

/** Reads an option that is a whole number. */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number.')
}
