import type { UploadReceipt } from '@shaman-farm/shaman/client'
import { formatBytes, formatCount, formatPercent } from '@shaman-farm/terminal'

/** A submission in one line: `12 files, 4.2 MB; 3 uploaded (1.1 MB), 74 % already stored`. */
export function receiptLine(receipt: UploadReceipt): string {
  const whole = `${formatCount(receipt.files, 'file')}, ${formatBytes(receipt.bytes)}`
  const stored = formatPercent(receipt.storedBytes, receipt.storedBytes + receipt.uploadedBytes)
  const uploaded = `${receipt.uploadedFiles.toLocaleString('en')} uploaded (${formatBytes(receipt.uploadedBytes)})`
  return `${whole}; ${uploaded}, ${stored} already stored`
}
