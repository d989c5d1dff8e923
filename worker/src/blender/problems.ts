import type { FailureReason } from '../commands/command.ts'

/** Something in the output that explains a failure, or is one though Blender's exit code is 0. */
export interface Problem {
  reason: FailureReason
  message: string
  line: string
  /** The picture is wrong or absent even if Blender says all is well. */
  isFatal: boolean
}

interface Sign {
  pattern: RegExp
  reason: FailureReason
  message: string
  isFatal?: true
}

// Order matters: the first sign that matches a line names it, and a failure is told by the first
// problem of the most telling kind. Wordings are those of Blender 2.8 to 5.
const signs: readonly Sign[] = [
  {
    pattern:
      /out of (?:GPU |video |system )?memory|std::bad_alloc|Malloc returns null|Calloc returns null|Failed to allocate/i,
    reason: 'out-of-memory',
    message: 'Blender ran out of memory',
  },
  {
    pattern:
      /\b(CUDA|OptiX|HIP|oneAPI|Metal)\b.*\b(error|failed|failure|unavailable|not supported)\b/i,
    reason: 'gpu',
    message: 'the GPU failed',
  },
  {
    pattern:
      /\b(GPU|graphics) (driver|device|context).*(lost|error|failed)|EGL Error .*(?<!BAD_MATCH)$/i,
    reason: 'gpu',
    message: 'the GPU failed',
  },
  {
    pattern: /Can't find scene: '(.*?)'/,
    reason: 'other',
    message: 'there is no scene "$1" in the file; another one would be rendered instead',
    isFatal: true,
  },
  {
    pattern: /Error: not a number '?(.*?)'?\.?$/,
    reason: 'other',
    message: 'Blender could not read a number: $1',
    isFatal: true,
  },
  {
    pattern: /Error: Format from '-F/,
    reason: 'other',
    message: "this Blender does not know the output format asked for and would use the file's own",
    isFatal: true,
  },
  {
    pattern: /Error: engine not found '(.*?)'/,
    reason: 'other',
    message: 'this Blender has no render engine "$1"',
    isFatal: true,
  },
  {
    pattern: /Cannot read file "?(.*?)"?: /,
    reason: 'missing-file',
    message: 'the file "$1" cannot be read',
    isFatal: true,
  },
  {
    pattern: /Failed to read blend file '(.*?)'|File format is not supported/,
    reason: 'missing-file',
    message: 'the .blend file is damaged or of an unknown format',
    isFatal: true,
  },
  {
    pattern: /(\d+) libraries and (\d+) linked data-blocks are missing/,
    reason: 'missing-file',
    message: '$1 linked libraries are missing',
    isFatal: true,
  },
  {
    pattern: /^shaman-farm: missing (\w+) "(.*)"/,
    reason: 'missing-file',
    message: '$1 "$2" is missing',
    isFatal: true,
  },
  {
    pattern: /(?:Warning|Error): (?:Unable to open|Cannot find lib) '(.*?)'/i,
    reason: 'missing-file',
    message: 'the file "$1" cannot be opened',
  },
  {
    pattern: /cannot save: '(.*?)'/,
    reason: 'output',
    message: 'the frame cannot be written to "$1"',
    isFatal: true,
  },
  {
    pattern: /Failed to denoise|no OpenImageDenoise support/,
    reason: 'other',
    message: 'this Blender has no denoiser, and the scene asks for one',
  },
  {
    pattern: /Cannot render, no camera/,
    reason: 'other',
    message: 'the scene has no camera',
  },
  {
    pattern: /^Traceback \(most recent call last\)/,
    reason: 'python-error',
    message: 'a Python script failed',
  },
  {
    pattern: /^Writing: .*\.crash\.txt$|EXCEPTION_ACCESS_VIOLATION|Segmentation fault/,
    reason: 'crash',
    message: 'Blender crashed',
  },
]

export function findProblem(line: string): Problem | undefined {
  for (const sign of signs) {
    const match = sign.pattern.exec(line)
    if (!match) continue
    const message = sign.message.replaceAll(/\$(\d)/g, (_, n: string) => match[Number(n)] ?? '')
    return { reason: sign.reason, message, line, isFatal: sign.isFatal ?? false }
  }
  return undefined
}

/** The one problem that best explains a failure. */
export function mainProblem(problems: readonly Problem[]): Problem | undefined {
  const order = signs.map((sign) => sign.reason)
  return problems.toSorted(
    (a, b) =>
      Number(b.isFatal) - Number(a.isFatal) || order.indexOf(a.reason) - order.indexOf(b.reason),
  )[0]
}
