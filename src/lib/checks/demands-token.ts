// Whether a server lets nobody in without a token.
import { routes } from '../protocol/routes.ts'
import { ask } from './http-ask.ts'

export async function demandsToken(url: string, signal: AbortSignal): Promise<boolean> {
  const { status } = await ask(`${url}${routes.mcpPrefixes[0]}`, { signal })
  return status === 401
}
