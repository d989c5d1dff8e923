/** Most bytes, files and bytes of one file in a tar batch. */
export const batchLimits = { bytes: 64 << 20, files: 20_000, fileBytes: 4 << 20 }
