"""The odd files of docs/media.md: name -> how to make it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from tests.media.make import H264, HEIGHT, WIDTH, ffmpeg, picture, video

register_heif_opener()  # to write
VP8 = ("-c:v", "libvpx", "-g", 15, "-b:v", "1M", "-deadline", "realtime", "-cpu-used", 8)
VP9 = ("-c:v", "libvpx-vp9", "-g", 15, "-b:v", "1M", "-cpu-used", 8)
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def _remuxed(path: Path, before: tuple[object, ...] = (), after: tuple[object, ...] = ()) -> Path:
    source = video(path.with_name(f"source-of-{path.stem}.mp4"))
    ffmpeg(*before, "-i", source, "-c", "copy", *after, path)
    source.unlink()
    return path


def _cut(path: Path, share: float, *arguments: object) -> Path:
    """The first `share` of a file's bytes."""
    video(path, *H264, *arguments)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def _damaged(path: Path) -> Path:
    """The packets of frames 23 to 25 overwritten; keyframes are 0, 10, 20, 30."""
    video(path, *X264, "-bf", 0, "-g", 10)
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in packets[23:26]:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    return path


def _long_promise(path: Path) -> Path:
    """A header that says 400 s where 4 s are."""
    video(path, *H264)
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88") + 3
    assert np.frombuffer(data[at : at + 8], ">f8")[0] == 4000
    path.write_bytes(data[:at] + np.array(400_000, ">f8").tobytes() + data[at + 8 :])
    return path


def _audio(path: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.5", path)
    return path


def _with_cover(path: Path) -> Path:
    sound, cover = _audio(path.with_name("sound.mp3")), path.with_name("cover.png")
    Image.fromarray(picture(1)).save(cover)
    ffmpeg(
        "-i", sound, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v", "attached_pic", path
    )
    sound.unlink()
    cover.unlink()
    return path


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _image(path: Path, mode: str = "RGB", **options: object) -> Path:
    Image.fromarray(picture(5)).convert(mode).save(path, **options)
    return path


def _exif(path: Path) -> Path:
    """Stored lying on its side, with the note to turn it by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(picture(5))).save(path, exif=exif, quality=95)
    return path


def _alpha(path: Path) -> Path:
    """The bars are transparent over black: on white they are gone, the two fields stay."""
    opaque = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    opaque[: HEIGHT * 2 // 3] = 0
    Image.fromarray(np.concatenate([picture(5), opaque], 2)).save(path)
    return path


def _frames(path: Path, n: int) -> Path:
    first, *rest = [Image.fromarray(picture(number)) for number in range(n)]
    first.save(
        path,
        save_all=True,
        append_images=rest,
        duration=100,
        **({"lossless": True} if path.suffix == ".webp" else {}),
    )
    return path


def _joined(path: Path) -> Path:
    """Two recordings appended: the clock starts again in the middle."""
    path.write_bytes(2 * video(path, *H264, n=20).read_bytes())
    return path


def _resized(path: Path) -> Path:
    """The second half has another size."""
    small = video(path.with_name("small.ts"), *H264, "-output_ts_offset", 2, n=20, width=64, height=48)
    path.write_bytes(video(path, *H264, n=20).read_bytes() + small.read_bytes())
    small.unlink()
    return path


def _wild_clock(path: Path) -> Path:
    """An AVI whose header says one frame in a hundred days."""
    data = bytearray(video(path, "-c:v", "mpeg4", "-q:v", 2).read_bytes())
    at = data.index(b"vids") + 20  # dwScale, then dwRate
    assert data[at : at + 8] == (1).to_bytes(4, "little") + (10).to_bytes(4, "little")
    data[at : at + 8] = (8_640_000).to_bytes(4, "little") + (1).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    return path


def _unknown_codec(path: Path) -> Path:
    path.write_bytes(video(path, *H264).read_bytes().replace(b"avc1", b"xxxx"))
    return path


def _rotated(path: Path, degrees: int) -> Path:
    """Stored turned by `degrees`, with the note that turns it back."""
    turned = {90: "transpose=cclock", 180: "hflip,vflip", 270: "transpose=clock"}[degrees]
    return _turned(path, turned, "-display_rotation", -degrees)


def _turned(path: Path, filters: str, *note: object) -> Path:
    source = video(path.with_name(f"source-of-{path.name}"), "-vf", filters, *H264)
    ffmpeg(*note, "-i", source, "-c", "copy", path)
    source.unlink()
    return path


def _half(path: Path) -> Path:
    return _shortened(path, path.stat().st_size // 2)


def _shortened(path: Path, n_bytes: int) -> Path:
    """Without its last bytes."""
    path.write_bytes(path.read_bytes()[:-n_bytes])
    return path


def _lost(path: Path) -> Path:
    """Without the packets of frames 23 to 25; keyframes are 0, 10, 20, 30."""
    source = video(path.with_name("source-of-lost.mkv"), *X264, "-bf", 0, "-g", 10)
    with av.open(str(source)) as container, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            if packet.size and not 23 <= number <= 25:
                packet.stream = stream
                out.mux(packet)
    source.unlink()
    return path


def _two_streams(path: Path) -> Path:
    """A small preview before the film."""
    film, preview = video(path.with_name("film.mp4"), *H264), video(path.with_name("preview.mp4"), *H264, n=3)
    small = ("-map", 0, "-map", 1, "-c:v:0", "mjpeg", "-s:v:0", "64x48", "-c:v:1", "copy")
    ffmpeg("-i", preview, "-i", film, *small, "-disposition:v:0", 0, "-disposition:v:1", "default", path)
    film.unlink()
    preview.unlink()
    return path


def _exif_film(path: Path) -> Path:
    """Pictures stored lying on their side, each with the note to turn it by 90 degrees."""
    pictures = path.with_name("exif")
    pictures.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for number in range(5):
        Image.fromarray(np.rot90(picture(number))).save(pictures / f"{number}.jpg", exif=exif, quality=95)
    ffmpeg("-framerate", 10, "-i", pictures / "%d.jpg", "-c", "copy", path)
    shutil.rmtree(pictures)
    return path


_SEE_THROUGH = ("-vf", "format=argb,colorchannelmixer=aa=0.8")


MAKERS: dict[str, Callable[[Path], Path]] = {
    "constant.mp4": lambda p: video(p, *H264),
    "b_frames.mov": lambda p: video(p, *X264, "-bf", 4, "-g", 12, "-b_strategy", 0),
    "vfr.mkv": lambda p: video(p, "-vf", "setpts=N*(N+9)/100/TB", "-fps_mode", "vfr", *H264),
    "vfr.mp4": lambda p: video(p, "-vf", "setpts=N*(N+9)/100/TB", "-fps_mode", "vfr", *H264),
    "open_gop.mp4": lambda p: video(p, *X264, "-x264-params", "open-gop=1:keyint=10:bframes=3:b-adapt=0"),
    "open_gop_hevc.mp4": lambda p: video(
        p, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
        "open-gop=1:keyint=10:min-keyint=10:bframes=3:b-adapt=0:log-level=none:scenecut=0",
    ),
    "refresh.mp4": lambda p: video(p, *X264, "-x264-params", "intra-refresh=1:keyint=10:bframes=0"),
    "edit_list.mp4": lambda p: _remuxed(p, before=("-ss", 1.25)),
    "rotated_90.mp4": lambda p: _rotated(p, 90),
    "rotated_180.mp4": lambda p: _rotated(p, 180),
    "rotated_270.mov": lambda p: _rotated(p, 270),
    "mirrored.mp4": lambda p: _turned(p, "hflip", "-display_hflip"),
    "mirrored_turned.mp4": lambda p: _turned(p, "transpose=cclock,vflip", "-display_rotation", -90, "-display_hflip"),
    "late_start.mkv": lambda p: video(p, *H264, "-output_ts_offset", 7.3),
    "interlaced.mpg": lambda p: video(p, "-c:v", "mpeg2video", "-q:v", 2, "-flags", "+ildct+ilme", "-r", 25),
    "interlaced.mp4": lambda p: video(p, *X264, "-x264-params", "interlaced=1:keyint=10"),
    "hevc_10bit.mp4": lambda p: video(
        p, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
        "-x265-params", "log-level=none",
    ),
    "vp8.webm": lambda p: video(p, *VP8, "-auto-alt-ref", 1, "-lag-in-frames", 16),
    "vp9.webm": lambda p: video(p, *VP9),
    "av1.mp4": lambda p: video(p, "-c:v", "libaom-av1", "-cpu-used", 8, "-crf", 20, "-g", 15),
    "odd_size.mp4": lambda p: video(p, *X264[:-1], "yuv444p", width=127, height=95),
    "odd_size.webm": lambda p: video(p, *VP9, width=127, height=95),
    "one_frame.mp4": lambda p: video(p, *H264, n=1),
    "no_duration.webm": lambda p: video(p, *VP8, "-live", 1),
    "long_promise.mkv": _long_promise,
    "fragmented.mp4": lambda p: video(p, *H264, "-movflags", "frag_keyframe+empty_moov"),
    "stream.ts": lambda p: video(p, *H264),
    "raw.h264": lambda p: video(p, *X264, "-bf", 0, "-g", 10),
    "raw_b_frames.264": lambda p: video(p, *H264, "-f", "h264"),
    "divx.avi": lambda p: video(p, "-c:v", "mpeg4", "-bf", 2, "-q:v", 2),
    "animated.gif": lambda p: _frames(p, 12),
    "transparent.mov": lambda p: video(p, *_SEE_THROUGH, "-c:v", "qtrle"),
    "transparent.webm": lambda p: video(p, *_SEE_THROUGH, *VP9, "-pix_fmt", "yuva420p"),
    "full_range.mp4": lambda p: video(
        p, "-vf", "scale=out_color_matrix=bt709:out_range=full", "-colorspace", "bt709", "-color_range", "pc",
        *X264[:-1], "yuvj420p",
    ),
    "truncated.mp4": lambda p: _cut(p, 0.8, "-movflags", "+faststart"),
    "truncated.mpg": lambda p: _cut(p, 0.6, "-c:v", "mpeg2video", "-r", 25, "-q:v", 2),
    "joined.ts": _joined,
    "resized.ts": _resized,
    "no_index_left.mp4": lambda p: _cut(p, 0.6),
    "damaged.mp4": _damaged,
    "lost.mkv": _lost,
    "two_streams.mkv": _two_streams,
    "exif.avi": _exif_film,
    "camera.mts": lambda p: video(p, *H264, "-f", "mpegts", "-mpegts_m2ts_mode", 1),
    "dvd.vob": lambda p: video(p, "-c:v", "mpeg2video", "-q:v", 2, "-r", 25),
    "phone.3gp": lambda p: video(p, *H264),
    "old.wmv": lambda p: video(p, "-c:v", "wmv2", "-q:v", 2),
    "empty.mp4": lambda p: _text(p, ""),
    "text.mp4": lambda p: _text(p, "This is no video.\n" * 50),
    "playlist.mp4": lambda p: _text(p, "#EXTM3U\n#EXTINF:4,\nconstant.mp4\n"),
    "concat.mkv": lambda p: _text(p, "ffconcat version 1.0\nfile constant.mp4\n"),
    "unknown.mp4": _unknown_codec,
    "wild_clock.avi": _wild_clock,
    "sound.mp4": _audio,
    "cover.mp3": _with_cover,
    "still.gif": lambda p: _frames(p, 1),
    "still.webp": lambda p: _frames(p, 1),
    "animated.webp": lambda p: _frames(p, 3),
    "alpha.png": _alpha,
    "palette.png": lambda p: _image(p, "P"),
    "cmyk.jpg": lambda p: _image(p, "CMYK", quality=95),
    "exif.jpg": _exif,
    "photo.heic": lambda p: _image(p, quality=95),
    "photo.avif": lambda p: _image(p, quality=95),
    "heic.jpg": lambda p: _image(p.with_suffix(".heic"), quality=95).rename(p),
    "scan.tif": lambda p: _image(p, compression="tiff_lzw"),
    "cut.jpg": lambda p: _shortened(_image(p, quality=95), 2),
    "named_wrong.jpg": lambda p: video(p.with_suffix(".mp4"), *H264).rename(p),
    "cut.png": lambda p: _half(_image(p)),
}  # fmt: skip
