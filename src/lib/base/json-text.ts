// JSON as text that somebody may look at in a terminal.

/**
 * The same JSON without what JSON.stringify leaves as it is and terminals may obey, or readers be deceived by: DEL and C1 control
 * characters, format characters (bidi, zero-width), private ones, line separators.
 */
export function calmJson(json: string): string {
  if (/^[\n\x20-\x7e]*$/.test(json)) return json
  return json.replaceAll(/[^\P{Cc}\n]|[\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeUnits)
}

/** One line for a program that reads, or for a person who looks. */
export const jsonLine = (value: unknown): string => `${calmJson(JSON.stringify(value))}\n`

const escapeUnits = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
