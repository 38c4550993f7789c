"""Videos by PyAV: packets, decoding, and the frame shown at a time (`video.Video`)."""
