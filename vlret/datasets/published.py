"""Published figures of the datasets, by version of the paper."""

from __future__ import annotations

from vlret.datasets.base import Published
from vlret.datasets.published_video import video_models

V1 = "arXiv 2512.10942v1, table 1"
V2 = "arXiv 2512.10942v2, table 1"
IN_HOWTO100M = "inferred: these videos are likely in it, and none are said to have been taken out"
"""Action100M, on which VL-JEPA was trained, is captions of HowTo100M's videos."""
IN_YFCC100M = "inferred: these videos are from it, of which training on images takes the photographs"

_TRAINED_ON = {
    "CLIP": ("WIT-400M", "YFCC100M"),
    "SigLIP2": ("WebLI",),
    "PE-Core": ("MetaCLIP", "PE Video"),
    "VL-JEPA": ("DataComp", "YFCC100M", "Action100M", "HowTo100M"),
    "V-JEPA 2": (),
}
"""Data sets by the beginning of a model's name: of VL-JEPA those that both versions of the paper name, of the others
those of the same weights in `vlret.models.open_clip`."""
_RECALL = "class-mean recall@5"
_FINE_TUNED = "not zero-shot: fine-tuned for this task"
_SFT = "not zero-shot, as the paper says: fine-tuned with in-domain labels (of which sets is not said)"

_RETRIEVAL = """
                msrvtt activitynet didemo msvd youcook2  pvd dream1k vdc1k
CLIP RN50         28.7        17.7   24.7 29.7      5.1 27.6    47.2  46.0
CLIP ViT-B        31.0        19.5   25.7 34.0      6.1 27.0    48.5  42.9
CLIP ViT-L        35.9        23.4   30.7 41.9      7.9 36.7    56.8  49.3
SigLIP2 B         40.2        25.0   32.1 48.6     13.8 52.1    60.9  43.7
SigLIP2 L         41.6        32.7   35.1 53.5     19.0 59.2    71.6  50.9
SigLIP2 g         43.4        33.9   38.9 56.0     22.2 60.4    73.0  52.5
PE-Core B         46.5        35.4   35.3 49.1     15.2 59.8    68.7  49.2
PE-Core L         48.9        41.7   40.8 56.2     22.5 64.7    75.9  51.0
PE-Core G         51.6        49.1   44.5 58.7     26.0 77.0    89.2  68.5
VL-JEPA BASE      40.0        64.9   50.0 49.0     40.4 83.1    93.3  88.8
VL-JEPA SFT       46.2        62.4   52.3 52.3     37.8 82.6    89.3  87.7
"""

_RETRIEVAL_V1 = """
                msrvtt activitynet didemo msvd youcook2  pvd dream1k vdc1k
VL-JEPA BASE      37.6        55.4   49.2 47.9     23.1 78.2    88.8  87.2
VL-JEPA SFT       43.7        53.8   46.2 49.1     28.8 81.1    86.4  86.7
"""

_TOP_1 = """
                ssv2 ek100 egoexo4d kinetics400 coin_step coin_task crosstask_step crosstask_task
CLIP RN50        2.1   1.5      2.1        41.4       8.6      39.0           10.9           68.7
CLIP ViT-B       3.1   1.3      2.8        49.5      11.2      47.3           16.2           71.5
CLIP ViT-L       3.8   3.7      2.6        58.3      14.7      63.5           20.8           78.5
SigLIP2 B        5.2   2.3      4.5        57.8      20.6      69.9           27.7           82.9
SigLIP2 L        5.9   4.5      6.4        63.6      24.2      78.5           35.1           90.8
SigLIP2 g        6.1   6.1      5.6        68.0      26.0      80.4           35.1           90.8
PE-Core B        5.8   3.3      6.0        65.4      21.5      77.1           26.9           91.8
PE-Core L        9.3   6.0     11.6        73.4      27.1      83.3           37.5           95.3
PE-Core G        9.0   6.4     13.6        76.4      29.0      86.0           40.3           97.2
VL-JEPA BASE    19.3  21.8     33.2        64.8      47.4      79.4           64.5           89.6
VL-JEPA SFT     73.2  44.6     68.1        84.8      66.4      90.3           79.8           96.2
"""

_TOP_1_V1 = """
                ssv2 ek100 egoexo4d kinetics400 coin_step coin_task crosstask_step crosstask_task
VL-JEPA BASE    16.1  13.3     21.1        57.8      39.8      74.4           60.5           88.0
VL-JEPA SFT     68.2  38.8     59.5        81.4      60.3      86.8           77.1           93.0
"""

# the one column in which v1 and v2 state other figures for the baselines
_EGOEXO4D_V1 = """
                egoexo4d
CLIP RN50            1.9
CLIP ViT-B           2.4
CLIP ViT-L           3.6
SigLIP2 B            4.9
SigLIP2 L            7.0
SigLIP2 g            6.4
PE-Core B            6.3
PE-Core L           10.9
PE-Core G           13.0
"""

_VQA = """
                 gqa tallyqa pope popev2
VL-JEPA SFT     61.5    69.9 85.7   86.3
"""

_VQA_V1 = """
                 gqa tallyqa pope popev2
VL-JEPA SFT     60.8    67.4 84.2   82.2
"""

# vision-language models that the paper sets beside it on these four datasets
_QUOTED = """
BLIP-2 OPT-2.7B               gqa      33.9
BLIP-2 FlanT5-XXL             gqa      41.0
InstructBLIP FlanT5-XL        gqa      48.4
InstructBLIP Vicuna-13B       gqa      49.5
Qwen-VL-Chat-7B               gqa      57.5
Qwen-VL-7B                    gqa      59.3
InternVL-Chat Vicuna-7B       gqa      59.5
LLaVA-1.5 Vicuna-7B           gqa      62.0
InternVL-Chat Vicuna-13B      gqa      66.6
PaLI-700M                     tallyqa  62.3
PaLI-3B                       tallyqa  65.8
InstructBLIP-13B              tallyqa  68.0
PaLI-17B                      tallyqa  71.9
LLaVA-1.5-13B                 tallyqa  72.3
PaliGemma-3B                  tallyqa  76.8
LLaVA-7B                      pope     72.9
InstructBLIP-13B              pope     79.0
Video-LLaVA-7B                pope     83.4
LLaVA-1.5-7B                  pope     85.9
LLaVA-1.5-13B-HD              pope     86.3
LLaVA-1.5-13B                 popev2   72.7
InternVL2-8B                  popev2   74.5
InternVL2-26B                 popev2   76.1
Qwen2-VL-72B                  popev2   79.4
Qwen2-VL-7B                   popev2   87.0
Qwen2-VL-2B                   popev2   91.3
"""

_RUN_BY_THE_AUTHORS = """
SmolVLM-256M                  tallyqa  32.3
SmolVLM-500M                  tallyqa  44.8
SmolVLM-2B                    tallyqa  64.7
SmolVLM2-256M                 pope     56.4
SmolVLM-256M                  pope     57.9
SmolVLM-500M                  pope     85.8
SmolVLM-2B                    pope     87.5
SmolVLM-256M                  popev2   62.3
SmolVLM-500M                  popev2   83.8
SmolVLM-2B                    popev2   88.8
"""

_VLMS = (
    (_QUOTED, "quoted from the literature by arXiv 2512.10942v2"),
    (_RUN_BY_THE_AUTHORS, "run by the authors of arXiv 2512.10942v2"),
)
_UNKNOWN_TRAINING = "a vision-language model, whose training data were not compared with this set"

_WORLD = """
                worldprediction
VL-JEPA BASE               63.9
VL-JEPA SFT                65.7
"""

# recall@5 of fine-tuned models at 1, 2, 4 and 10 s
_ANTICIPATION = """
                          ek100_1 ek100_2 ek100_4 ek100_10
V-JEPA 2 ViT-g, 384 px       39.7    28.6    19.3      8.2
V-JEPA 2 ViT-L, 256 px       32.7    23.4    15.9      7.1
VL-JEPA ViT-L, 256 px        34.2    26.0    19.4     11.7
"""

_SUGARCREPE_PP = """
                sugarcrepe_pp
CLIP ViT-L               44.5
SigLIP2 g                56.5
PE-Core G                58.6
VL-JEPA BASE             63.9
VL-JEPA SFT              58.4
"""

_VISLA = """
                visla
CLIP ViT-L       34.5
SigLIP2 g        40.4
PE-Core G        38.3
VL-JEPA BASE     42.9
VL-JEPA SFT      39.5
"""

_TABLES = (
    (_RETRIEVAL, "R@1", V2),
    (_RETRIEVAL_V1, "R@1", V1),
    (_TOP_1, "top-1", V2),
    (_TOP_1_V1, "top-1", V1),
    (_EGOEXO4D_V1, "top-1", V1),
    (_VQA, "accuracy", "arXiv 2512.10942v2"),
    (_VQA_V1, "accuracy", "arXiv 2512.10942v1"),
    (_WORLD, "accuracy", "arXiv 2512.10942v2 (v1 the same)"),
    (_ANTICIPATION, _RECALL, "arXiv 2512.10942v2 (fine-tuned)"),
    (_SUGARCREPE_PP, "accuracy", "arXiv 2512.10942v2 (v1 the same)"),
    (_VISLA, "macro_accuracy", "arXiv 2512.10942v2 (v1 the same)"),
)


def published(column: str) -> tuple[Published, ...]:
    """All published figures of a column, in per cent; empty where there are none. Retrieval is text to video."""
    of_paper = (
        Published(model, metric, values[column], source, *_training(model, metric))
        for table, metric, source in _TABLES
        for model, values in _rows(table)
        if column in values
    )
    of_vlms = (
        Published(model, "accuracy", value, source, (), _UNKNOWN_TRAINING)
        for table, source in _VLMS
        for model, of, value in _bars(table)
        if of == column
    )
    return *of_paper, *of_vlms, *video_models(column)


def _training(model: str, metric: str) -> tuple[tuple[str, ...], str]:
    """What a model was trained on, and why its figure is not zero-shot, where it is not."""
    trained_on = next(sets for name, sets in _TRAINED_ON.items() if model.startswith(name))
    if metric == _RECALL:
        return trained_on, _FINE_TUNED
    return trained_on, _SFT if model.endswith("SFT") else ""


def _bars(table: str) -> list[tuple[str, str, float]]:
    """Model, column and value of each line."""
    rows = [line.rsplit(maxsplit=2) for line in table.strip().split("\n")]
    return [(model, column, float(value)) for model, column, value in rows]


def _rows(table: str) -> list[tuple[str, dict[str, float]]]:
    header, *lines = table.strip().split("\n")
    columns = header.split()
    rows = [line.rsplit(maxsplit=len(columns)) for line in lines]
    return [(row[0], dict(zip(columns, map(float, row[1:]), strict=True))) for row in rows]
