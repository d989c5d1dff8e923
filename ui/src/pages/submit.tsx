import { A, useNavigate } from '@solidjs/router'
import { createMemo, createSignal, createUniqueId, For, Show } from 'solid-js'
import { asApiError, call } from '../farm/api.ts'
import { formatBytes, formatCount, formatPercent } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { toast } from '../farm/toasts.ts'
import type { AvailableJobTypes, FarmJob, SubmissionDefaults, WorkerTagList } from '../farm/wire.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorPanel } from '../parts/error-panel.tsx'
import { Icon } from '../parts/glyph.tsx'
import { hashFiles } from '../submit/hash.ts'
import { checkoutPathOf, type Project, projectOfDrop, projectOfInput } from '../submit/project.ts'
import { derivedSettings, type Field, fieldsOf, settingsOf } from '../submit/settings.ts'
import { createCheckout, type Negotiated, negotiate, uploadMissing } from '../submit/upload.ts'
import page from './page.module.css'
import styles from './submit.module.css'

type Phase = 'hash' | 'negotiate' | 'upload' | 'checkout' | 'submit'

interface Progress {
  phase: Phase
  files: number
  filesTotal: number
  bytes: number
  bytesTotal: number
  since: number
}

/** Send a project from here: hashed in the browser, and only what the store lacks is uploaded. */
export function Submit() {
  const [project, setProject] = createSignal<Project>()
  const [over, setOver] = createSignal(false)
  const [reading, setReading] = createSignal(false)
  let input!: HTMLInputElement
  const take = async (read: () => Promise<Project> | Project): Promise<void> => {
    setReading(true)
    try {
      setProject(await read())
    } catch (cause) {
      toast(`The folder cannot be read. ${asApiError(cause).message}`)
    }
    setReading(false)
  }
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const items = event.dataTransfer?.items
    if (items) void take(() => projectOfDrop(items))
  }
  return (
    <div class={page.page}>
      <div>
        <nav class="muted" aria-label="Breadcrumb">
          <A href="/jobs">Jobs</A> /
        </nav>
        <h1>Submit a project</h1>
      </div>
      <input
        ref={(element) => {
          input = element
          element.webkitdirectory = true
        }}
        type="file"
        class="sr-only"
        tabindex="-1"
        aria-label="Project folder"
        multiple
        onChange={() => input.files?.length && void take(() => projectOfInput(input.files!))}
      />
      <Show
        when={project()}
        fallback={
          <section
            class={styles.drop}
            data-over={over() ? '' : undefined}
            aria-label="Drop a project"
            onDragOver={(event) => {
              event.preventDefault()
              setOver(true)
            }}
            onDragLeave={() => setOver(false)}
            onDrop={onDrop}
          >
            <EmptyState
              icon="upload"
              title={reading() ? 'Reading the folder…' : 'Drop the project folder here'}
              sentence="It is hashed in this browser; only files the farm does not have yet are uploaded. Everything the .blend uses must lie in the folder, with relative paths."
              action={
                <button type="button" class="button primary" onClick={() => input.click()}>
                  Choose a folder
                </button>
              }
            />
          </section>
        }
      >
        {(chosen) => <Form project={chosen()} onOther={() => setProject(undefined)} />}
      </Show>
    </div>
  )
}

function Form(props: { project: Project; onOther: () => void }) {
  const navigate = useNavigate()
  const types = createRead<AvailableJobTypes>(() => '/jobs/types', { key: 'name' })
  const tags = createRead<WorkerTagList>(() => '/worker-mgt/tags')
  const defaults = createRead<SubmissionDefaults>(() => '/farm/submission-defaults')
  const [name, setName] = createSignal(props.project.name)
  const [blend, setBlend] = createSignal(props.project.blends[0] ?? '')
  const [typeName, setTypeName] = createSignal('simple-blender-render')
  const [priority, setPriority] = createSignal(50)
  const [tag, setTag] = createSignal('')
  const [edited, setEdited] = createSignal<Record<string, string | boolean>>({})
  const [progress, setProgress] = createSignal<Progress>()
  const [receipt, setReceipt] = createSignal<Negotiated>()
  const [error, setError] = createSignal<unknown>()
  let stopper: AbortController | undefined

  const type = () => types.data()?.job_types.find((one) => one.name === typeName())
  const fields = createMemo<Field[]>(() => {
    const chosen = type()
    if (!chosen) return []
    return fieldsOf(chosen, defaults.data()).map((field) => ({
      ...field,
      value: edited()[field.key] ?? field.value,
    }))
  })

  const begin = (phase: Phase, filesTotal: number, bytesTotal: number): void =>
    void setProgress({
      phase,
      files: 0,
      filesTotal,
      bytes: 0,
      bytesTotal,
      since: performance.now(),
    })
  const count = (done: { files: number; bytes: number }): void =>
    void setProgress((now) => now && { ...now, files: done.files, bytes: done.bytes })

  async function run(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const mine = new AbortController()
    stopper = mine
    const { signal } = mine
    const { files, bytes } = props.project
    setError(undefined)
    setReceipt(undefined)
    try {
      begin('hash', files.length, bytes)
      const hashed = await hashFiles(files, { signal, onProgress: count })
      begin('negotiate', files.length, bytes)
      const found = await negotiate(hashed, signal)
      setReceipt(found)
      begin(
        'upload',
        found.missing.length,
        found.missing.reduce((sum, one) => sum + one.size, 0),
      )
      await uploadMissing(found.missing, { signal, onProgress: count })
      begin('checkout', files.length, bytes)
      const now = new Date()
      const checkout = await createCheckout(hashed, checkoutPathOf(name(), now), signal)
      begin('submit', 1, 0)
      const job = await submitJob(checkout, now)
      toast(
        `Submitted ${name()}: ${formatBytes(bytes - found.storedBytes)} uploaded, ${formatPercent(found.storedBytes, bytes)} was there already.`,
      )
      navigate(`/jobs/${job.id}`)
    } catch (cause) {
      if (!signal.aborted) setError(cause)
    } finally {
      setProgress(undefined)
    }
  }

  async function submitJob(checkout: string, now: Date): Promise<FarmJob> {
    const chosen = type()!
    const settings = settingsOf(fields())
    const derived = derivedSettings(chosen, {
      checkout,
      blend: blend(),
      name: name(),
      now,
      settings,
    })
    return call<FarmJob>('/jobs', {
      method: 'POST',
      body: {
        name: name(),
        type: chosen.name,
        type_etag: chosen.etag,
        priority: priority(),
        settings: { ...settings, ...derived },
        metadata: { 'submitted.from': 'dashboard', project: props.project.name },
        submitter_platform: 'manager',
        storage: { shaman_checkout_id: checkout },
        ...(tag() ? { worker_tag: tag() } : {}),
      },
    })
  }

  return (
    <form class={page.two} onSubmit={(event) => void run(event)}>
      <section class="card" aria-label="Job">
        <fieldset class={styles.fields} disabled={progress() !== undefined}>
          <legend class="sr-only">Job</legend>
          <label>
            Name
            <input
              class="input"
              required
              value={name()}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <label>
            .blend file
            <Show
              when={props.project.blends.length > 0}
              fallback={<span class={styles.warning}>There is no .blend file in this folder.</span>}
            >
              <select
                class="input"
                value={blend()}
                onChange={(event) => setBlend(event.currentTarget.value)}
              >
                <For each={props.project.blends}>{(path) => <option>{path}</option>}</For>
              </select>
            </Show>
          </label>
          <label>
            Job type
            <select
              class="input"
              value={typeName()}
              onChange={(event) => setTypeName(event.currentTarget.value)}
            >
              <For each={types.data()?.job_types}>
                {(one) => (
                  <option value={one.name} selected={one.name === typeName()}>
                    {one.label}
                  </option>
                )}
              </For>
            </select>
          </label>
          <For each={fields().map((field) => field.key)}>
            {(key) => {
              const field = () => fields().find((one) => one.key === key)!
              return (
                <SettingField
                  field={field()}
                  onChange={(value) => setEdited((all) => ({ ...all, [key]: value }))}
                />
              )
            }}
          </For>
          <label>
            Priority
            <input
              class="input"
              type="number"
              min="0"
              max="100"
              value={priority()}
              onInput={(event) => setPriority(event.currentTarget.valueAsNumber)}
            />
          </label>
          <label>
            Tag
            <select
              class="input"
              value={tag()}
              onChange={(event) => setTag(event.currentTarget.value)}
            >
              <option value="">any worker</option>
              <For each={tags.data()?.tags}>
                {(one) => <option value={one.id}>{one.name}</option>}
              </For>
            </select>
          </label>
        </fieldset>
      </section>
      <div class="stack">
        <section class="card" aria-label="Project">
          <header>
            <h2>{props.project.name}</h2>
            <button
              type="button"
              class="button spread"
              disabled={progress() !== undefined}
              onClick={() => props.onOther()}
            >
              Choose another
            </button>
          </header>
          <dl class="facts">
            <dt>Files</dt>
            <dd>{formatCount(props.project.files.length, 'file')}</dd>
            <dt>Size</dt>
            <dd>{formatBytes(props.project.bytes)}</dd>
            <Show when={receipt()}>
              {(found) => (
                <>
                  <dt>In the store</dt>
                  <dd>
                    {formatCount(found().storedFiles, 'file')}, {formatBytes(found().storedBytes)} (
                    {formatPercent(found().storedBytes, props.project.bytes)})
                  </dd>
                  <dt>To upload</dt>
                  <dd>{formatCount(found().missing.length, 'blob')}</dd>
                </>
              )}
            </Show>
          </dl>
          <Show when={progress()}>{(now) => <ProgressLine progress={now()} />}</Show>
          <Show when={error()}>{(cause) => <ErrorPanel error={cause()} />}</Show>
          <div class={`row-gap ${styles.acts}`}>
            <button
              type="submit"
              class="button primary"
              disabled={progress() !== undefined || blend() === '' || !type()}
            >
              <Icon name="upload" size={14} />
              Submit {formatBytes(props.project.bytes)}
            </button>
            <Show when={progress()}>
              <button type="button" class="button" onClick={() => stopper?.abort()}>
                Stop
              </button>
            </Show>
          </div>
        </section>
      </div>
    </form>
  )
}

function SettingField(props: { field: Field; onChange: (value: string | boolean) => void }) {
  const id = createUniqueId()
  return (
    <Show
      when={props.field.type !== 'bool'}
      fallback={
        <label class={styles.check} title={props.field.doc}>
          <input
            type="checkbox"
            checked={props.field.value === true}
            onChange={(event) => props.onChange(event.currentTarget.checked)}
          />
          {props.field.label}
        </label>
      }
    >
      <div class={styles.setting}>
        <label for={id}>{props.field.label}</label>
        <Show
          when={props.field.choices.length > 0}
          fallback={
            <input
              id={id}
              class="input"
              type={props.field.type === 'string' ? 'text' : 'number'}
              step={props.field.type === 'float' ? 'any' : undefined}
              required={props.field.required}
              aria-describedby={`${id}-doc`}
              value={String(props.field.value)}
              onInput={(event) => props.onChange(event.currentTarget.value)}
            />
          }
        >
          <select
            id={id}
            class="input"
            aria-describedby={`${id}-doc`}
            value={String(props.field.value)}
            onChange={(event) => props.onChange(event.currentTarget.value)}
          >
            <For each={props.field.choices}>{(choice) => <option>{choice}</option>}</For>
          </select>
        </Show>
        <span id={`${id}-doc`} class="faint">
          {props.field.doc}
        </span>
      </div>
    </Show>
  )
}

const phaseWords: Record<Phase, string> = {
  hash: 'Hashing',
  negotiate: 'Asking what the store has',
  upload: 'Uploading',
  checkout: 'Making the checkout',
  submit: 'Submitting',
}

function ProgressLine(props: { progress: Progress }) {
  const now = () => props.progress
  const rate = () => {
    const seconds = (performance.now() - now().since) / 1000
    return seconds > 0.5 ? `${formatBytes(now().bytes / seconds)}/s` : ''
  }
  return (
    <div class={styles.progress} role="status">
      <p>
        {phaseWords[now().phase]}
        <Show when={now().phase === 'hash' || now().phase === 'upload'}>
          {' '}
          {now().files} of {formatCount(now().filesTotal, 'file')}, {formatBytes(now().bytes)} of{' '}
          {formatBytes(now().bytesTotal)} {rate()}
        </Show>
      </p>
      <progress
        aria-label={phaseWords[now().phase]}
        max={Math.max(1, now().bytesTotal)}
        value={now().bytes}
      />
    </div>
  )
}
