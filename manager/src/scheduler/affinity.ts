/**
 * Which worker was given a task of which job last: it has that job's files, or what it made of them in memory. Only in
 * memory, as after a restart nothing is lost but a little time.
 */
export interface Affinity {
  worked(worker: number, job: number): void
  /**
   * Those who wait and know a job with something to do, the nearest job's first.
   *
   * @param placeOf the place in line of a job that has something to do now
   * @returns undefined when nobody, waiting or not, knows any of these jobs
   */
  first<W extends { worker: number }>(
    waiting: readonly W[],
    placeOf: (job: number) => number | undefined,
  ): W[] | undefined
}

const mostWorkers = 10_000

export function createAffinity(): Affinity {
  const lastJob = new Map<number, number>()
  return {
    worked(worker, job) {
      if (lastJob.size >= mostWorkers) lastJob.clear()
      lastJob.set(worker, job)
    },
    first(waiting, placeOf) {
      const places = new Map([...new Set(lastJob.values())].map((job) => [job, placeOf(job)]))
      if ([...places.values()].every((place) => place === undefined)) return undefined
      const known = waiting.flatMap((one) => {
        const place = places.get(lastJob.get(one.worker) ?? -1)
        return place === undefined ? [] : [{ one, place }]
      })
      return known.sort((a, b) => a.place - b.place).map(({ one }) => one)
    },
  }
}
