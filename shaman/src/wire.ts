// Apart from the schemas, whose library takes 8 MiB: a process that only downloads never loads it.

/** Most files one request may name. */
export const maxFilesPerRequest = 200_000

/** Media type of 40-byte records: SHA-256, then the size as a big-endian 64-bit number. */
export const digestListType = 'application/vnd.shaman.digests'

/** How a status is written in the answer to a digest list. */
export const statusBytes = { unknown: 0, uploading: 1, stored: 2 } as const
