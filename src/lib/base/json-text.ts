// JSON as text that somebody may look at in a terminal.

/** The same JSON without DEL and the C1 control characters, which JSON.stringify leaves as they are and terminals may obey. */
export const calmJson = (json: string): string =>
  json.replaceAll(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
