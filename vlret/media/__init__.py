"""Media files: from paths to clips to frames.

sources/       which files a user names: directories, globs, lists; what is skipped and why
open_media     one file, open as a `Video` or a `Still`, or the reason why it cannot be read
clips, shots   where a file is cut into clips
sampling       at which times of a clip frames are taken
decoders/      the libraries that give the frames at these times; `registry` names them
video/         the default decoder for videos: packets, seeking, the frame shown at a time (`video.Video`)
image/         the default decoder for images
pool/          decoding in child processes that can be killed
decode         the entry points for one file: `decode`, `read_clip`
limits         what one file may cost
"""
