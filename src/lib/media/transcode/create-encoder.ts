import { createNodeAvEncoder } from './node-av.ts'
export const createEncoder = (_: string) => createNodeAvEncoder({ breathe: () => new Promise((r) => setImmediate(r)) })
