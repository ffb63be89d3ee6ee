// How much of something is done, as a bar of characters.

/** `[=====>     ]`, as wide as asked for. */
export function progressBar(ratio: number, width: number): string {
  const inner = Math.max(1, width - 2)
  const full = Math.round(Math.min(1, Math.max(0, ratio)) * inner)
  return `[${'='.repeat(Math.max(0, full - 1))}${full > 0 ? '>' : ''}${' '.repeat(inner - full)}]`
}
