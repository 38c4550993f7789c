"""Which media files a user's sources name: files, directories, globs, lists."""

from vlret.media.sources.entries import MediaFile, is_excluded
from vlret.media.sources.find import Found, find_media, typed_path
from vlret.media.sources.suffixes import IMAGE_SUFFIXES, MEDIA_SUFFIXES, UNREAD_SUFFIXES, VIDEO_SUFFIXES

__all__ = [
    "IMAGE_SUFFIXES",
    "MEDIA_SUFFIXES",
    "UNREAD_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Found",
    "MediaFile",
    "find_media",
    "is_excluded",
    "typed_path",
]
