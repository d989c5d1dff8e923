import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { apiBase } from '@shaman-farm/manager-api'
import { openSetting } from './setting.ts'

test('meta operations answer as documented', async (t) => {
  const { expect, manager } = await openSetting(t)
  const version = (await expect('getVersion', 200)) as { shortversion: string }
  assert.equal(version.shortversion, '3.9-beta1')
  await expect('getFarmStatus', 200)
  await expect('getConfiguration', 200)
  await expect('checkSharedStoragePath', 200, { body: { path: manager.dir } })
  await expect('checkSharedStoragePath', 400, { body: {} })
  await expect('findBlenderExePath', 200)
  await expect('checkBlenderExePath', 200, { body: { path: '/no/such/blender' } })
  await expect('checkBlenderExePath', 400, { body: { path: 7 } })
  await expect('getConfigurationFile', 200)
  await expect('updateConfigurationFile', 204, {
    body: { _meta: { version: 3 }, manager_name: 'Ours' },
  })
  await expect('updateConfigurationFile', 400, {
    body: { _meta: { version: 3 }, task_timeout: 'soon' },
  })
  await expect('getVariables', 200, { params: { audience: 'workers', platform: 'linux' } })
  await expect('getVariables', 400, { params: { audience: 'cats', platform: 'linux' } })
  await expect('getSharedStorage', 200, { params: { audience: 'users', platform: 'windows' } })
  await expect('getSharedStorage', 400, { params: { audience: 'cats', platform: 'linux' } })
  await expect('saveSetupAssistantConfig', 400, { body: {} })
  const blender = {
    input: 'blender',
    path: '/usr/bin/blender',
    source: 'path_envvar',
    is_usable: true,
    cause: '',
  }
  await expect('saveSetupAssistantConfig', 400, {
    body: { storageLocation: '', blenderExecutable: blender },
  })
  const storage = join(manager.dir, 'storage')
  for (const path of [manager.dir, join(storage, 'not there'), 'storage']) {
    await expect('saveSetupAssistantConfig', 400, {
      body: { storageLocation: path, blenderExecutable: blender },
    })
  }
  await expect('saveSetupAssistantConfig', 204, {
    body: { storageLocation: storage, blenderExecutable: blender },
  })
  const { shared_storage_path } = await manager.client.getConfigurationFile()
  assert.equal(shared_storage_path, storage)
})

test('an address that is not there is a 404 with a message', async (t) => {
  const { manager } = await openSetting(t)
  const response = await fetch(`${manager.url}${apiBase}/no/such/thing`)
  assert.equal(response.status, 404)
  assert.equal(typeof ((await response.json()) as { message: string }).message, 'string')
})
