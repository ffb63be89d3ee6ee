// What was played or added here lately, kept in this browser only.
import { parseRecent, type RecentItem, withItem } from './recent-items.ts'
import { readSetting, writeSetting } from './settings.ts'

export const readRecent = (): readonly RecentItem[] => parseRecent(readSetting('recent'))

export function remember(item: Omit<RecentItem, 'atMs'>): void {
  writeSetting('recent', JSON.stringify(withItem(readRecent(), { ...item, atMs: Date.now() })))
}

export const forgetAll = (): void => writeSetting('recent', undefined)
