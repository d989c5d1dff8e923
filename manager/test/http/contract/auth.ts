import { test } from 'node:test'
import { openGuarded } from '../../auth/tokens.ts'
import { expectAnswer, nobody, openSetting, unknownId } from './setting.ts'

test('who may do what answers as documented', async (t) => {
  const manager = await openGuarded(t, { registrations_per_minute: 2 })
  const bearer = async (role: 'admin' | 'wrangler' | 'worker') => ({
    authorization: `Bearer ${await manager.tokenFor(role)}`,
  })
  const admin = { headers: await bearer('admin') }
  const expect = expectAnswer.bind(undefined, manager, undefined)
  await expect('farmWhoAmI', 200)
  await expect('farmWhoAmI', 200, admin)
  await expect('farmWhoAmI', 401, { headers: { authorization: 'Bearer farm_none' } })
  await expect('farmAuthTicket', 401)
  await expect('farmAuthTicket', 200, admin)
  await expect('farmTokens', 200, admin)
  await expect('farmCreateToken', 400, { ...admin, body: { name: 'x', role: 'king' } })
  const order = { name: 'anna', role: 'artist' }
  await expect('farmCreateToken', 403, { headers: await bearer('wrangler'), body: order })
  const made = (await expect('farmCreateToken', 200, { ...admin, body: order })) as {
    info: { id: string }
  }
  await expect('farmRevokeToken', 204, { ...admin, params: { token_id: made.info.id } })
  await expect('farmRevokeToken', 404, { ...admin, params: { token_id: made.info.id } })

  const registration = { secret: 's', platform: 'linux', supported_task_types: [], name: 'w' }
  const enrol = { headers: { 'x-farm-enrol': 'farm_wrong' }, body: registration }
  await expect('registerWorker', 403, enrol)
  const { uuid } = (await expect('registerWorker', 200, { body: registration })) as {
    uuid: string
  }
  await expect('registerWorker', 429, { body: registration })
  await expect('farmEnrolments', 200, admin)
  await expect('farmApproveWorker', 204, { ...admin, params: { worker_id: uuid } })
  await expect('farmApproveWorker', 404, { ...admin, params: { worker_id: unknownId } })
  await expect('farmAudit', 200, admin)
})

test('an open farm gives no tokens out over the network', async (t) => {
  const { expect } = await openSetting(t)
  await expect('farmCreateToken', 403, { ...nobody, body: { name: 'anna', role: 'admin' } })
  await expect('farmAuthTicket', 200)
})
