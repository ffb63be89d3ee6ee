// The list of what was played or added lately, newest first, each content once, bounded.

export interface RecentItem {
  /** `<cid>` or `<cid>/path`. */
  readonly content: string
  /** File name, where it is known. */
  readonly name?: string
  readonly durationS?: number
  readonly atMs: number
}

const maxItems = 12

/** Understands what was stored; whatever does not look right is left out. */
export function parseRecent(text: string | undefined): readonly RecentItem[] {
  let raw: unknown
  try {
    raw = JSON.parse(text ?? '[]')
  } catch {
    return []
  }
  if (!Array.isArray(raw)) return []
  return raw.flatMap(itemOf).slice(0, maxItems)
}

function itemOf(raw: Partial<Record<keyof RecentItem, unknown>> | null): RecentItem[] {
  const { content, atMs, name, durationS } = raw ?? {}
  if (typeof content !== 'string' || content === '' || typeof atMs !== 'number') return []
  return [
    {
      ...{ content, atMs },
      ...(typeof name === 'string' && { name }),
      ...(typeof durationS === 'number' && { durationS }),
    },
  ]
}

/** The list with `item` in front; an older entry of the same content lends it what it does not know. */
export function withItem(items: readonly RecentItem[], item: RecentItem): readonly RecentItem[] {
  const older = items.find(({ content }) => content === item.content)
  return [{ ...older, ...item }, ...items.filter((other) => other !== older)].slice(0, maxItems)
}
