// Which encoder this installation has; the media layer knows how to ask.
export { detectEncoder } from '../media/transcode/detect.ts'
