// Which of what was typed are names of checks, and which are content.
import { McpxError } from '../../lib/base/errors.ts'
import { nearNames } from '../../lib/base/near-name.ts'
import type { Check } from '../../lib/checks/check.ts'
import { allChecks, isCheckName, selectChecks } from '../../lib/checks/index.ts'
import { checkGroups } from '../../lib/model/check.ts'

export interface Selection {
  readonly checks: readonly Check[]
  /** CIDs and other spellings of content. */
  readonly contents: readonly string[]
}

/** Throws INVALID_OPTION for a name that is none, with those that are near. */
export function selectionOf(
  what: readonly string[],
  { all, security }: { readonly all: boolean; readonly security: boolean },
): Selection {
  const names = what.filter(isCheckName)
  const contents = what.filter((text) => !isCheckName(text))
  for (const text of contents) if (looksLikeName(text)) throw unknown(text)
  return { checks: selectChecks({ names, all, security }), contents }
}

/** No CID is so short, and an address has a slash or a colon. */
const looksLikeName = (text: string): boolean => /^[\w-]{0,30}$/.test(text)

function unknown(text: string): McpxError {
  const known = [...checkGroups, ...allChecks.map(({ name }) => name)]
  const containing = known.filter((name) => name.includes(text.toLowerCase()))
  const near = [...new Set([...containing, ...nearNames(text, known)])]
  const hint = near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'See `mcpx check-connectivity --list`.'
  return new McpxError('INVALID_OPTION', `there is no check or group ${JSON.stringify(text)}, and it is no CID`, {
    hint,
  })
}
