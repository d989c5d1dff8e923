import { createEffect, createMemo, createSignal, For, Index, on, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { answered, createRead } from '../farm/read.ts'
import { asleepHours, type SleepWindow, scheduleOf, weekDays, windowsOf } from '../farm/week.ts'
import type { WorkerSleepSchedule } from '../farm/wire.ts'
import { Icon } from './glyph.tsx'
import styles from './sleep-schedule.module.css'
import { Told } from './told.tsx'

/** When a worker sleeps by itself, as windows and as a picture of the week. */
export function SleepSchedule(props: { workerId: string }) {
  const path = () => `/worker-mgt/workers/${props.workerId}/sleep-schedule`
  const read = createRead<WorkerSleepSchedule>(path)
  const [active, setActive] = createSignal(false)
  const [windows, setWindows] = createSignal<SleepWindow[]>([])
  const [changed, setChanged] = createSignal(false)
  createEffect(
    on([() => read.data(), read.loading], () => {
      if (changed()) return
      const schedule = read.data()
      setActive(schedule?.is_active ?? false)
      setWindows(windowsOf(schedule))
    }),
  )
  const edit = (index: number, change: Partial<SleepWindow>): void => {
    setChanged(true)
    setWindows((all) => all.map((one, at) => (at === index ? { ...one, ...change } : one)))
  }
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const body = scheduleOf(active(), windows(), read.data()?.time_zone)
    const results = await actOnEach([props.workerId], () => call(path(), { method: 'POST', body }))
    tellOutcome('Sleep schedule saved for', 'worker', results, () => 'this worker')
    if (results[0]?.error) return
    setChanged(false)
    read.reload()
  }
  const hours = createMemo(() => asleepHours(windows()))
  return (
    <section class="card" aria-label="Sleep schedule">
      <header>
        <h2>Sleep schedule</h2>
        <Show when={read.asOf()}>
          <label class={styles.switch}>
            <input
              type="checkbox"
              checked={active()}
              onChange={(event) => {
                setChanged(true)
                setActive(event.currentTarget.checked)
              }}
            />
            in force
          </label>
        </Show>
      </header>
      {/* What is not known yet must not be saved as no schedule. */}
      <Told read={answered(read)} what="the schedule">
        {() => (
          <form
            onSubmit={(event) => void save(event)}
            class={styles.form}
            data-off={active() ? undefined : ''}
          >
            <Index each={windows()}>
              {(one, index) => (
                <div class={styles.window}>
                  <div class={styles.days} role="group" aria-label="Days it sleeps">
                    <For each={weekDays}>
                      {(day) => (
                        <button
                          type="button"
                          class="button"
                          aria-pressed={one().days.includes(day)}
                          onClick={() =>
                            edit(index, {
                              days: one().days.includes(day)
                                ? one().days.filter((other) => other !== day)
                                : [...one().days, day],
                            })
                          }
                        >
                          {day}
                        </button>
                      )}
                    </For>
                  </div>
                  <label>
                    from{' '}
                    <input
                      class="input"
                      type="time"
                      value={one().start}
                      onInput={(event) => edit(index, { start: event.currentTarget.value })}
                    />
                  </label>
                  <label>
                    to{' '}
                    <input
                      class="input"
                      type="time"
                      value={one().end}
                      onInput={(event) => edit(index, { end: event.currentTarget.value })}
                    />
                  </label>
                  <Show when={windows().length > 1}>
                    <button
                      type="button"
                      class="button quiet icon"
                      aria-label="Remove this window"
                      onClick={() => {
                        setChanged(true)
                        setWindows((all) => all.filter((_, at) => at !== index))
                      }}
                    >
                      <Icon name="close" size={14} />
                    </button>
                  </Show>
                </div>
              )}
            </Index>
            <div
              class={styles.week}
              role="img"
              aria-label={`Sleeps ${hours().filter(Boolean).length} hours a week`}
            >
              <For each={weekDays}>
                {(day, at) => (
                  <>
                    <span class="faint">{day}</span>
                    <span class={styles.hours}>
                      <For each={hours().slice(at() * 24, at() * 24 + 24)}>
                        {(asleep) => <i data-asleep={asleep ? '' : undefined} />}
                      </For>
                    </span>
                  </>
                )}
              </For>
            </div>
            <div class="row-gap">
              <button type="submit" class="button primary" disabled={!changed()}>
                Save the schedule
              </button>
              <button
                type="button"
                class="button"
                onClick={() => {
                  setChanged(true)
                  setWindows((all) => [
                    ...all,
                    { days: [...weekDays], start: '22:00', end: '06:00' },
                  ])
                }}
              >
                Add a window
              </button>
            </div>
          </form>
        )}
      </Told>
    </section>
  )
}
