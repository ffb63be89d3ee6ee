// A process that transcodes pictures over and over, as one of a pool with more work than it can do, until it is killed.
import { setPriority } from 'node:os'
import { createEncoder } from '../../src/lib/media/transcode/create-encoder.ts'
import { tasksOf, transcode } from './transcoding.ts'

setPriority(0, 10)
process.on('disconnect', () => process.exit())
const [encoderName, path] = process.argv.slice(2) as ['node-av' | 'ffmpeg', string]
const encoder = await createEncoder(encoderName)
const { video } = await tasksOf(path)
for (;;) for (const [, trackId, recipe] of video) await transcode(encoder, path, trackId, recipe, 60)
