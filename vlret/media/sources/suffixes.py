"""Suffixes of media files, lower case with their dot: which files of a directory are opened."""

from __future__ import annotations

VIDEO_SUFFIXES = frozenset(
    (
        ".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".divx", ".gif",
        ".ts", ".mts", ".m2ts", ".m2t", ".tod", ".mod", ".vob", ".mpg", ".mpeg", ".mpe", ".m2p", ".m1v", ".m2v", ".mpv",
        ".3gp", ".3g2", ".wmv", ".asf", ".flv", ".f4v", ".ogv", ".ogm", ".rm", ".rmvb", ".mxf", ".dv", ".nut",
        ".wtv", ".y4m", ".ivf", ".obu", ".vc1", ".h264", ".264", ".hevc", ".h265", ".265",
    )
)  # fmt: skip
IMAGE_SUFFIXES = frozenset(
    (
        ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".tif", ".tiff",
        ".heic", ".heif", ".hif", ".avif",
    )
)  # fmt: skip
MEDIA_SUFFIXES = VIDEO_SUFFIXES | IMAGE_SUFFIXES
PARTIAL_SUFFIXES = frozenset(
    (".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".!ut", ".aria2")
)
SYSTEM_FOLDERS = frozenset(
    ("__macosx", "@eadir", "#recycle", "#snapshot", "$recycle.bin", "lost+found", "system volume information")
)
# Images, videos and audio that are counted but not read, so that users know why these files are missing.
UNREAD_SUFFIXES = frozenset((
    ".3fr", ".3g2", ".3gp", ".aac", ".ape", ".apng", ".ari", ".arw", ".asf", ".avif", ".bik", ".braw",
    ".cine", ".cr2", ".cr3", ".crw", ".dcr", ".dds", ".dng", ".dpx", ".dv", ".eps", ".erf", ".exr", ".f4v",
    ".fff", ".fits", ".flac", ".flv", ".gpr", ".hdr", ".heic", ".heif", ".hevc", ".hif", ".iiq", ".insp",
    ".insv", ".ivf", ".j2k", ".jfif", ".jp2", ".jpe", ".jxl", ".k25", ".kdc", ".lrv", ".m1v", ".m2p",
    ".m2t", ".m2ts", ".m2v", ".m4a", ".mef", ".mjpeg", ".mjpg", ".mos", ".mp3", ".mpe", ".mpo", ".mpv",
    ".mrw", ".mts", ".mxf", ".nef", ".nrw", ".nsv", ".oga", ".ogg", ".ogm", ".ogv", ".opus", ".orf", ".pbm",
    ".pcx", ".pef", ".pgm", ".pnm", ".ppm", ".psb", ".psd", ".qt", ".r3d", ".raf", ".raw", ".rm", ".rmvb",
    ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".svg", ".swf", ".tga", ".tif", ".tiff", ".tod", ".vob", ".wav",
    ".wma", ".wmv", ".wtv", ".x3f", ".xcf", ".y4m", ".yuv",
)) - MEDIA_SUFFIXES  # fmt: skip
