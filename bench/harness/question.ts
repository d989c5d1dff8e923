/** One thing worth measuring: a file of `bench/` named for its question. */
export interface Question {
  /** The question in words, with its mark. */
  question: string
  run(context: QuestionContext): Promise<Answer>
}

export interface QuestionContext {
  /** Smaller data, fewer runs: all questions together within five minutes. */
  quick: boolean
  /** An empty folder on disk (never tmpfs) for this question alone; removed afterwards. */
  workDir: string
  log(line: string): void
}

export interface Answer {
  tables: { title: string; columns: string[]; rows: (string | number)[][] }[]
  figures: Figure[]
  /** Pictures for the docs: file name → SVG text. */
  charts?: Record<string, string>
}

/** One number that a target or a baseline of the same run stands beside. */
export interface Figure {
  name: string
  value: number
  unit: string
  /** In words, as `<= 1.5`. */
  target?: string
  met?: boolean
  baseline?: string
  /** What stands in the way of the target; told where it is not met. */
  cause?: string
}

/** Whether a figure has a target and does not reach it. */
export function isMissed({ target, met }: Figure): boolean {
  return target !== undefined && met !== true
}
