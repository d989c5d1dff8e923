import { CodedError } from '@shaman-farm/terminal/coded-error'

export type BlendErrorCode =
  | 'BLEND_NOT_A_BLEND'
  | 'BLEND_TRUNCATED'
  | 'BLEND_CORRUPT'
  | 'BLEND_TOO_NEW'
  | 'BLEND_UNREADABLE'
  | 'BLEND_NO_ROOM'

const hints: Record<BlendErrorCode, string> = {
  BLEND_NOT_A_BLEND: 'Choose a file saved by Blender.',
  BLEND_TRUNCATED: 'Copy the file again, or open a backup (.blend1) in Blender and save it anew.',
  BLEND_CORRUPT: 'Open the file (or its backup, .blend1) in Blender and save it anew.',
  BLEND_TOO_NEW: 'Update Shaman Farm, or save the file with an older Blender.',
  BLEND_NO_ROOM: 'Free some space there, or point TMPDIR to a folder on another disk.',
  BLEND_UNREADABLE: "Check the file's path and permissions, and that its disk is mounted.",
}

/** A file that cannot be read as a .blend: which one, where in it, and what to do. */
export class BlendError extends CodedError<BlendErrorCode> {
  override readonly name = 'BlendError'

  constructor(
    code: BlendErrorCode,
    message: string,
    detail: Record<string, unknown> = {},
    options: ErrorOptions = {},
  ) {
    super(code, message, { ...options, detail, hint: hints[code] })
  }
}

/** Says which file a problem found in the middle of the codec belongs to. */
export function inFile(error: unknown, path: string): unknown {
  if (!(error instanceof BlendError) || 'file' in error.detail) return error
  const detail = { file: path, ...error.detail }
  return new BlendError(error.code, `${path}: ${error.message}`, detail, { cause: error })
}
