import type { SubmittedJob } from '@shaman-farm/manager-api'
import { createMemo, createSignal } from 'solid-js'
import { createStore } from 'solid-js/store'
import { createRead } from '../farm/read.ts'
import type { AvailableJobTypes, SubmissionDefaults, WorkerTagList } from '../farm/wire.ts'
import type { Project } from './project.ts'
import { derivedSettings, type Field, fieldsOf, settingsOf } from './settings.ts'

export type Order = ReturnType<typeof createOrder>

/** What a person fills in before a project becomes a job. */
export function createOrder(project: Project) {
  const types = createRead<AvailableJobTypes>(() => '/jobs/types', { key: 'name' })
  const tags = createRead<WorkerTagList>(() => '/worker-mgt/tags')
  const defaults = createRead<SubmissionDefaults>(() => '/farm/submission-defaults')
  const [facts, setFacts] = createStore({
    name: project.name,
    blend: project.blends[0] ?? '',
    type: 'simple-blender-render',
    priority: 50,
    tag: '',
    reuse: false,
  })
  const [edited, setEdited] = createSignal<Record<string, string | boolean>>({})
  const type = () => types.data()?.job_types.find((one) => one.name === facts.type)
  const fields = createMemo<Field[]>(() => {
    const chosen = type()
    if (!chosen) return []
    return fieldsOf(chosen, defaults.data()).map((field) => ({
      ...field,
      value: edited()[field.key] ?? field.value,
    }))
  })
  return {
    facts,
    setFacts,
    type,
    /** What the form cannot be filled in without. */
    needed: types,
    types: () => types.data()?.job_types ?? [],
    tags: () => tags.data()?.tags ?? [],
    fields,
    edit: (key: string, value: string | boolean) => setEdited((all) => ({ ...all, [key]: value })),
    isReady: () => facts.blend !== '' && type() !== undefined,
    jobOf,
  }

  /** The job as the manager takes it, once the project lies in a checkout. */
  function jobOf(checkout: string, now: Date): SubmittedJob {
    const chosen = type()!
    const settings = settingsOf(fields())
    const { blend, name, priority, tag, reuse } = facts
    const derived = derivedSettings(chosen, { checkout, blend, name, now, settings })
    return {
      name,
      type: chosen.name,
      type_etag: chosen.etag,
      priority,
      settings: { ...settings, ...derived },
      metadata: {
        'submitted.from': 'dashboard',
        project: project.name,
        ...(reuse ? { 'farm.reuse': 'yes' } : {}),
      },
      submitter_platform: 'manager',
      storage: { shaman_checkout_id: checkout },
      ...(tag ? { worker_tag: tag } : {}),
    }
  }
}
