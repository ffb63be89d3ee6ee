// The complete WHEP address of some content, to paste into another player.
import { whepPath } from '../../lib/protocol/routes.ts'

export const whepAddress = (base: string, content: string): string => `${location.origin}${base}${whepPath(content)}`
