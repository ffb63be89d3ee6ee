// What the server says about itself (GET /api/v0).
import { routes } from '../../lib/protocol/routes.ts'
import { parseJson } from '../shared/answer.ts'

interface ServerInfo {
  readonly version?: string
  readonly nodeId?: string
  readonly encoder?: string
  readonly store?: string
  readonly sampleCid?: string
}

export type InfoResult = { readonly info: ServerInfo } | { readonly needsToken: true } | { readonly isGone: true }

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined)

export async function fetchInfo(base: string): Promise<InfoResult> {
  try {
    const response = await fetch(base + routes.mcpPrefixes[0])
    if (response.status === 401) return { needsToken: true }
    if (!response.ok) return { info: {} }
    const raw = parseJson(await response.text())
    const sample = raw.sample as { cid?: unknown } | null | undefined
    const found = {
      version: textOf(raw.version),
      nodeId: textOf(raw.node_id),
      encoder: textOf(raw.encoder),
      store: textOf(raw.content_store),
      sampleCid: textOf(raw.sample_cid) ?? textOf(sample?.cid),
    }
    return { info: Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) }
  } catch {
    return { isGone: true }
  }
}
