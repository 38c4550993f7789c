"""fcpxml.py: what editors refuse, and what shifts clips, each as a test."""

from __future__ import annotations

import shutil
from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from tests.media.make import H264, ffmpeg, video
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.write_export import write_export

# Apple's FCPXML 1.10: the children of each element in their order, and the attributes that it may have.
CHILDREN = {
    "fcpxml": ["resources", "library"],
    "resources": None,
    "library": ["event"],
    "event": ["project"],
    "project": ["sequence"],
    "asset": ["media-rep"],
    "sequence": ["note", "spine", "metadata"],
    "spine": None,
    "asset-clip": ["note", "conform-rate", "timeMap", "marker"],
    "video": ["note", "conform-rate", "timeMap", "marker"],
}
ATTRIBUTES = {
    "fcpxml": {"version"},
    "event": {"name"},
    "project": {"name"},
    "format": {"id", "name", "frameDuration", "width", "height"},
    "asset": {
        "id", "name", "start", "duration", "hasVideo", "format", "hasAudio", "videoSources", "audioSources",
        "audioChannels", "audioRate",
    },
    "media-rep": {"kind", "src"},
    "sequence": {"format", "duration", "tcStart", "tcFormat", "audioLayout", "audioRate"},
    "asset-clip": {"ref", "offset", "name", "start", "duration", "format", "tcFormat"},
    "video": {"ref", "offset", "name", "start", "duration"},
    "conform-rate": {"scaleEnabled", "srcFrameRate"},
    "marker": {"start", "duration", "value"},
}  # fmt: skip
RATES = {"23.98", "24", "25", "29.97", "30", "60", "47.95", "48", "50", "59.94"}


def read(data: bytes) -> ElementTree.Element:
    """The root, once it is checked as far as this file knows Apple's document type definition."""
    assert data.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="1.10">'
    )
    root = ElementTree.fromstring(data)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        order = CHILDREN.get(element.tag, [])
        if order is not None:
            places = [order.index(child.tag) for child in element]
            assert places == sorted(places), element.tag
        assert set(element.keys()) <= ATTRIBUTES.get(element.tag, set()), element.tag
        for name in ("ref", "format"):
            assert element.get(name, ids[0]) in ids
        for name in ("start", "offset", "duration", "tcStart", "frameDuration"):
            time = element.get(name, "0s")
            assert time.endswith("s")
            assert Fraction(time[:-1]).denominator < 2**31
    assert all(rate.get("srcFrameRate") in RATES | {None} for rate in root.iter("conform-rate"))
    assert all(one.get("audioLayout") in ("stereo", "surround") for one in root.iter("sequence"))
    assert all(one.get("tcFormat") in ("DF", "NDF", None) for one in root.iter())
    return root


def export(*clips: ExportClip) -> ElementTree.Element:
    return read(write_export(clips, "fcpxml", "dogs & <cats>"))


def test_to_the_byte(shots):
    clips = [
        ExportClip(shots["dropped"], 0.5, 1.0, 'a "dog" & <cat>'),
        ExportClip(shots["picture"], 0, 0, "red"),
    ]
    folder = shots["plain"].parent.as_uri()
    text = write_export(clips, "fcpxml", "dogs & <cats>").decode().replace(folder, "FOLDER")
    assert text == GOLDEN
    read(text.encode())


def test_an_asset_begins_at_the_time_code_and_the_timeline_at_zero(shots):
    root = export(ExportClip(shots["dropped"], 0.5, 1.0), ExportClip(shots["dropped"], 1.0, 1.5))
    (asset,) = root.iter("asset")
    hour = 107_892 * Fraction(1001, 30000)
    assert asset.get("start") == f"{hour}s"
    first, second = root.iter("asset-clip")
    assert first.get("start") == f"{hour + 14 * Fraction(1001, 30000)}s"
    assert (first.get("offset"), root.find(".//sequence").get("tcStart")) == ("0s", "0s")
    assert second.get("offset") == first.get("duration") == f"{16 * Fraction(1001, 30000)}s"


def test_an_asset_is_as_long_as_its_file(shots):
    (asset,) = export(ExportClip(shots["plain"], 0.5, 0.6)).iter("asset")
    assert asset.get("duration") == f"{60 * Fraction(1001, 30000)}s"


def test_the_time_code_of_a_sony_camera(shots, caplog):
    (asset,) = export(ExportClip(shots["sony"], 0, 1)).iter("asset")
    assert asset.get("start") == f"{2 * 107_892 * Fraction(1001, 30000)}s", "drop-frame whatever its flag"
    assert "C0001.MP4 has its time code in an rtmd track" in caplog.text


def test_drop_frame_time_code_of_thirty_frames_a_second(shots):
    root = export(ExportClip(shots["phone"], 0, 1))
    assert root.find(".//asset").get("start") == "298851/5s", "as Final Cut Pro itself writes it"
    assert root.find(".//asset-clip").get("tcFormat") == "NDF"
    assert not list(root.iter("conform-rate"))


def test_a_clip_of_another_rate_has_its_own_format_and_is_conformed(shots):
    root = export(*[ExportClip(shots["plain"], 0, 1)] * 2, ExportClip(shots["phone"], 0, 1))
    frames = {form.get("id"): form.get("frameDuration") for form in root.iter("format")}
    clips = list(root.iter("asset-clip"))
    assert [frames[clip.get("format")] for clip in clips] == ["1001/30000s", "1001/30000s", "1/30s"]
    assert [clip.find("conform-rate") is not None for clip in clips] == [False, False, True]
    assert clips[2].find("conform-rate").attrib == {"scaleEnabled": "0", "srcFrameRate": "30"}


@pytest.mark.parametrize(
    "name",
    ["It's 50% (1) #2 & ü; a+b,c=d!$*@:?.mp4", 'a <b> "c".mp4', "two\nlines.mp4", "山 🎬.MP4", "no suffix"],
)
def test_names_keep_their_suffix_and_addresses_are_escaped(tmp_path, shots, name):
    path = shutil.copy(shots["plain"], tmp_path / name)
    root = export(ExportClip(path, 0, 1))
    address = root.find(".//media-rep").get("src")
    assert set(address.removeprefix("file:///")) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%"
    )
    assert unquote(urlsplit(address).path) == str(path)
    shown = name.replace("\n", "\\n")
    assert {root.find(".//asset").get("name"), root.find(".//asset-clip").get("name")} == {shown}


@pytest.mark.parametrize(("channels", "layout"), [(1, "stereo"), (2, "stereo"), (6, "surround")])
def test_the_audio_layout_is_a_word_that_final_cut_pro_knows(tmp_path, shots, channels, layout):
    path = tmp_path / "a.mov"
    tone = ("-f", "lavfi", "-i", "sine=duration=1:sample_rate=44100")
    ffmpeg("-i", shots["plain"], *tone, "-c:v", "copy", "-ac", channels, path)
    root = export(ExportClip(path, 0, 1))
    assert root.find(".//sequence").get("audioLayout") == layout
    asset = root.find(".//asset")
    assert [asset.get(name) for name in ("hasAudio", "audioChannels", "audioRate")] == [
        "1",
        str(channels),
        "44100",
    ]


def test_a_file_without_sound_has_none(shots):
    asset = export(ExportClip(shots["plain"], 0, 1)).find(".//asset")
    assert not [name for name in asset.keys() if "udio" in name]  # noqa: SIM118 - an element is no dict


def test_a_variable_rate_is_snapped_and_said(tmp_path, caplog):
    clock = ("-vf", r"settb=1/90000,setpts=if(lt(N\,10)\,N/25\,N/25+2)/TB", "-fps_mode", "vfr")
    path = video(tmp_path / "vfr.mp4", *clock, "-enc_time_base", "1/90000", *H264, rate=25, n=40)
    root = export(ExportClip(path, 0.205, 2.41))
    clip = root.find(".//asset-clip")
    assert (clip.get("start"), clip.get("duration")) == ("1/5s", "56/25s")
    assert "vfr.mp4 has a variable frame rate: its cuts are put on 25 frames a second" in caplog.text


def test_only_images(shots):
    root = export(ExportClip(shots["picture"], 0, 0))
    assert root.find(".//video").get("duration") == "5s"
    (asset,) = root.iter("asset")
    still = next(form for form in root.iter("format") if form.get("id") == asset.get("format"))
    assert still.attrib == {"id": "r2", "name": "FFVideoFormatRateUndefined", "width": "40", "height": "30"}


GOLDEN = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.10">
  <resources>
    <format id="r1" frameDuration="1001/30000s" width="128" height="96" />
    <asset id="r2" name="A001 Beach &amp; sea.MOV" start="8999991/2500s" duration="1001/500s" hasVideo="1" \
format="r1" videoSources="1" hasAudio="1" audioSources="1" audioChannels="2" audioRate="48000">
      <media-rep kind="original-media" src="FOLDER/A001%20Beach%20%26%20sea.MOV" />
    </asset>
    <format id="r3" name="FFVideoFormatRateUndefined" width="40" height="30" />
    <asset id="r4" name="picture.jpg" start="0s" duration="0s" hasVideo="1" format="r3" videoSources="1">
      <media-rep kind="original-media" src="FOLDER/picture.jpg" />
    </asset>
  </resources>
  <library>
    <event name="dogs &amp; &lt;cats&gt;">
      <project name="dogs &amp; &lt;cats&gt;">
        <sequence format="r1" duration="83083/15000s" tcStart="0s" tcFormat="DF" audioLayout="stereo" \
audioRate="48k">
          <spine>
            <asset-clip ref="r2" offset="0s" name="A001 Beach &amp; sea.MOV" start="54006953/15000s" \
duration="1001/1875s" format="r1" tcFormat="DF">
              <marker start="54006953/15000s" duration="1001/30000s" value="a &quot;dog&quot; &amp; &lt;cat&gt;" />
            </asset-clip>
            <video ref="r4" offset="1001/1875s" name="picture.jpg" start="0s" duration="1001/200s">
              <marker start="0s" duration="1001/30000s" value="red" />
            </video>
          </spine>
        </sequence>
      </project>
    </event>
  </library>
</fcpxml>
"""
