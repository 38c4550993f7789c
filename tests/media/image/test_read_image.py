"""Still images: identified by content, upright, whole or with a warning, and never larger than memory."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pillow_heif import HeifFile, register_heif_opener

from tests.media.make import BLUE, H264, RED, field, number_of, picture, probe, video
from tests.refusal import refused
from vlret.media.decode import decode
from vlret.media.image.read_image import read_image
from vlret.media.limits import DECODER_BYTES, MAX_FRAME_BYTES, MAX_IMAGE_BYTES
from vlret.media.pool import DecodeJob, DecodePool, FileDone

register_heif_opener()  # to save
Save = Callable[[Path], object]


def image(number: int = 5, mode: str = "RGB", width: int = 128, height: int = 96) -> Image.Image:
    return Image.fromarray(picture(number, width, height)).convert(mode)


def heic(path: Path, picture: Image.Image, **options: object) -> Path:
    """An HEIF file under any name."""
    picture.save(path, "HEIF", quality=95, **options)
    return path


def burst(path: Path) -> None:
    """Three pictures, the second of which is the primary one."""
    file = HeifFile()
    for number in (7, 5, 9):
        file.add_from_pillow(image(number))
    file.save(path, quality=95, primary_index=1)


def pages(path: Path) -> None:
    image().save(path, save_all=True, append_images=[image(6), image(7)])


def sixteen_bit(path: Path) -> None:
    Image.fromarray(picture(5)[..., 0].astype(np.uint16) * 257).save(path)


STILLS: dict[str, tuple[str, Save]] = {
    "photo.heic": ("heif", lambda p: heic(p, image())),
    "tiles.heif": ("heif", lambda p: heic(p, image(5, width=640, height=480), tile_size=128)),
    "burst.hif": ("heif", burst),
    "named.jpg": ("heif", lambda p: heic(p, image(5, width=640, height=480), tile_size=128)),
    "named.mov": ("heif", lambda p: heic(p, image())),
    "photo.avif": ("avif", lambda p: image().save(p, quality=95)),
    "several.avif": ("avif", pages),
    "avif.mp4": ("avif", lambda p: image().save(p, "AVIF", quality=95)),
    "photo.jpe": ("jpeg", lambda p: image().save(p, "JPEG", quality=95)),
    "photo.jfif": ("jpeg", lambda p: image().save(p, "JPEG", quality=95)),
    "photo.mp4": ("jpeg", lambda p: image().save(p, "JPEG", quality=95)),
    "photo.mov": ("png", lambda p: image().save(p, "PNG")),
    "still.mp4": ("gif", lambda p: image().save(p, "GIF")),
    "two_views.mpo": ("mpo", pages),
    "pages.tif": ("tiff", pages),
    "lzw.tiff": ("tiff", lambda p: image().save(p, compression="tiff_lzw")),
    "jpeg.tiff": ("tiff", lambda p: image().save(p, compression="jpeg", quality=95)),
    "cmyk.tif": ("tiff", lambda p: image(5, "CMYK").save(p)),
    "alpha.tif": ("tiff", lambda p: image(5, "RGBA").save(p)),
    "palette.tif": ("tiff", lambda p: image(5, "P").save(p)),
    "tiff.png": ("tiff", lambda p: image().save(p, "TIFF")),
}  # fmt: skip


@pytest.mark.parametrize("name", STILLS)
def test_an_image_whatever_its_name(name: str, tmp_path: Path):
    codec, save = STILLS[name]
    save(tmp_path / name)
    info = probe(tmp_path / name)
    assert (info.kind, info.codec) == ("image", codec)
    pixels = decode(tmp_path / name, [0.0]).pixels[0]
    assert pixels.shape == (info.height, info.width, 3)
    assert info.width in (128, 640)
    assert number_of(pixels) == 5
    np.testing.assert_allclose(field(pixels, 0.25), RED, atol=6)
    np.testing.assert_allclose(field(pixels, 0.75), BLUE, atol=6)


FILMS = {"film.jpg": "mp4", "film.heic": "mkv", "film.tif": "ts", "film.png": "flv", "moving.mp4": "gif"}


@pytest.mark.parametrize("name", FILMS)
def test_a_film_whatever_its_name(name: str, tmp_path: Path):
    path = tmp_path / f"source.{FILMS[name]}"
    if path.suffix == ".gif":
        image(0).save(
            path, save_all=True, append_images=[image(number) for number in range(1, 12)], duration=100
        )
    else:
        video(path, *H264, n=12)
    shutil.move(path, tmp_path / name)
    assert probe(tmp_path / name).kind == "video"
    assert number_of(decode(tmp_path / name, [0.85]).pixels[0]) == 8


def test_the_limits_of_the_page():
    page = (Path(__file__).parents[3] / "docs" / "media.md").read_text()
    assert f"| memory of an image while it is decoded | {MAX_IMAGE_BYTES >> 20} MB:" in page
    assert f"| memory of a video frame | {MAX_FRAME_BYTES // 10**6} MB:" in page
    assert (
        f"{MAX_IMAGE_BYTES // 4 // 10**6} megapixels in colour, {MAX_IMAGE_BYTES // 10**6} megapixels in grey"
        in page
    )
    for kind, name in (("HEIF", "HEIC"), ("AVIF", "AVIF"), ("WEBP", "WebP")):
        assert f"{name} {MAX_IMAGE_BYTES // DECODER_BYTES[kind] // 10**6}" in page


def test_what_is_neither(tmp_path: Path):
    (tmp_path / "text.mp4").write_text("no film\n" * 100)
    with refused("not_playable"):
        probe(tmp_path / "text.mp4")


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif", b"avci", b"crx "])
def test_a_still_that_pillow_does_not_read_is_no_video(brand: bytes, tmp_path: Path):
    """A film whose brand says that it is a still: its tracks would be tiles and thumbnails."""
    path = video(tmp_path / "film.mp4", *H264, n=2)
    path.write_bytes(path.read_bytes()[:8] + brand + path.read_bytes()[12:])
    with refused("damaged_image"):
        decode(path, [0.0])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(kind: str, orientation: int, tmp_path: Path):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    stored = image() if undo is None else image().transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo"
    if kind == "HEIF":
        heic(path, stored, exif=exif.tobytes())
    else:
        stored.save(path, kind, exif=exif, quality=95)
    info = probe(path)
    assert (info.width, info.height) == (128, 96)
    assert number_of(decode(path, [0.0]).pixels[0]) == 5
    assert number_of(read_image(path, (64, 48))[0]) == 5


@pytest.mark.parametrize(
    ("values", "dtype"),
    [((0, 128, 255), np.uint8), ((0, 0x8000, 0xFFFF), np.uint16), ((0, 0.5, 1), np.float32),
     ((0, 128, 255), np.float32), ((0, 2**30, 2**31 - 1), np.int32)],
)  # fmt: skip
def test_deep_grey_is_scaled(values: tuple[float, ...], dtype: type, tmp_path: Path):
    path = tmp_path / "grey.tif"
    Image.fromarray(np.array([values] * 4, dtype)).save(path)
    grey = decode(path, [0.0]).pixels[0, 0]
    np.testing.assert_allclose(grey, np.array([[0] * 3, [128] * 3, [255] * 3]), atol=1)


def test_odd_exif_does_not_cost_the_picture(tmp_path: Path):
    image().save(tmp_path / "photo.jpg", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff", quality=95)
    assert number_of(decode(tmp_path / "photo.jpg", [0.0]).pixels[0]) == 5


def number_above(pixels: np.ndarray) -> int:
    top = pixels[10:40].mean((0, 2))
    return sum(int(top[bit * 16 + 8] > 128) << bit for bit in range(8))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes(progressive: bool, tmp_path: Path):
    path = tmp_path / "photo.jpg"
    image().save(path, quality=95, progressive=progressive)
    data = path.read_bytes()
    assert read_image(path)[1]
    for n_lost in (*range(1, 60), 100, len(data) // 8):
        path.write_bytes(data[:-n_lost])
        pixels, is_whole = read_image(path)
        assert (number_above(pixels), is_whole) == (5, False)


def test_a_damaged_image_is_reported(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    image().save(path)
    path.write_bytes(path.read_bytes()[:-20])
    with DecodePool() as pool:
        done = list(pool.run([DecodeJob(path, "whole", 1)]))[-1]
    assert isinstance(done, FileDone)
    assert done.warning == "damaged: the end of the file is missing"


def test_an_image_of_which_nothing_is_left(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    image().save(path, quality=95)
    start = path.read_bytes().index(b"\xff\xda") + 14
    for n_bytes in (start + 4, start, start - 20, 200, 4):
        path.write_bytes(path.read_bytes()[:n_bytes])
        with refused("damaged_image"):
            decode(path, [0.0])


def png_head(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">II5B", width, height, 8, 6, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, data, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp_head(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def tiff_head(width: int, height: int) -> bytes:
    tags = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 8),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, 9),
    ]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


BOMBS = {
    "a.webp": b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<IBI", 13, 0x2F, 13299 | 13299 << 14)
    + bytes(8),
    "a.png": png_head(16_384, 16_384),
    "wide.png": png_head(2**31 - 1, 2**31 - 1),
    "a.gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0xF0, 0, 0) + bytes(6) + b"\x2c"
    + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\x00\x3b",
    "moving.gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0xF0, 0, 0) + bytes(6)
    + 2 * (b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00") + b"\x3b",
    "vp8.ivf": b"DKIF" + struct.pack("<HH4sHHIIII", 0, 32, b"VP80", 16383, 16383, 10, 1, 1, 0)
    + struct.pack("<IQ", 40, 0) + b"\x10\x02\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(30),
    "a.y4m": b"YUV4MPEG2 W16000 H12000 F10:1 C420jpeg\nFRAME\n" + bytes(1000),
    "a.bmp": bmp_head(40_000, 40_000),
    "a.tif": tiff_head(100_000, 100_000),
}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc")
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_promises_a_large_picture_is_refused(name: str, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(BOMBS[name])
    script = (
        "import sys\nfrom vlret.errors import MediaError\nfrom vlret.media.decode import decode\n"
        "try:\n    decode(sys.argv[1], [0.0], size=(224, 224))\nexcept MediaError as error:\n    print(error)\n"
        "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    *message, peak_kb = done.stdout.splitlines()
    assert path.name in message[0]
    assert int(peak_kb) < 300_000


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "PNG"), ("RGBA", "PNG"), ("RGB", "JPEG"), ("CMYK", "TIFF"), ("L", "PNG")]
)
def test_a_large_image_is_shrunk_in_strips(
    mode: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nearly the same pixels as without strips, and the same way up."""
    path = tmp_path / "photo"
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = image(5, mode, 1280, 960).transpose(Image.Transpose.ROTATE_90)
    turned.save(path, kind, quality=95, **({} if kind == "TIFF" else {"exif": exif}))
    plain, _ = read_image(path, (64, 48))
    for module in ("read_image", "rgb"):
        monkeypatch.setattr(f"vlret.media.image.{module}.LARGE_PIXELS", 1000)
    monkeypatch.setattr("vlret.media.image.rgb._STRIP_PIXELS", 100_000)
    shrunk, _ = read_image(path, (64, 48))
    assert np.abs(plain.astype(int) - shrunk).mean() < 2
