/** What the record has by this name, which others chose: nothing of what every object has (`constructor`). */
export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
