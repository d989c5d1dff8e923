import type { TestContext } from 'node:test'
import { createManagerClient, type ManagerClient, type Role } from '@shaman-farm/manager-api'
import { openLocalDesk } from '../../src/auth/desk.ts'
import { openManager, type TestManager } from '../running-manager.ts'

export interface GuardedManager extends TestManager {
  /** Makes a token as one does on the manager's machine. */
  tokenFor(role: Role, name?: string): Promise<string>
  clientFor(role: Role, name?: string): Promise<ManagerClient>
}

/** A manager that asks for tokens. */
export async function openGuarded(
  t: TestContext,
  config: Record<string, unknown> = {},
): Promise<GuardedManager> {
  const manager = await openManager(t, { config: { auth: 'tokens', ...config } })
  const tokenFor = async (role: Role, name: string = role): Promise<string> => {
    const desk = openLocalDesk(manager.dir)
    try {
      return (await desk.createToken({ role, name })).token
    } finally {
      desk.close()
    }
  }
  return Object.assign(manager, {
    tokenFor,
    clientFor: async (role: Role, name?: string) =>
      createManagerClient({ url: manager.url, token: await tokenFor(role, name) }),
  })
}
