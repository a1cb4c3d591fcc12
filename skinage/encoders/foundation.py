"""Descriptions of backbones: by a name of timm, from the Hugging Face hub, or from a folder.

The ``config.json`` of a pathology foundation model holds mean, standard deviation and input size.
Some arguments that build the model stand only in the text of its model card; they are in
`foundation_models.json`.
Prov-GigaPath (``hf-hub:prov-gigapath/prov-gigapath``) needs nothing beyond its config.
"""

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import timm
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError
from timm.layers import SwiGLUPacked
from timm.models import PretrainedCfg, get_pretrained_cfg
from torch import nn

from skinage.errors import SettingError, StageError

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"

# Layer classes that metadata holds by name.
LAYERS: dict[str, Any] = {"SwiGLUPacked": SwiGLUPacked, "SiLU": nn.SiLU}

# What the model cards on huggingface.co ask to pass beside the config, by repository.
ASKED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("foundation_models.json").read_text()
)
# Their model cards take the class token beside the mean of the patch tokens (2560 numbers).
CLASS_AND_MEAN = {"paige-ai/Virchow", "paige-ai/Virchow2"}


def describe(backbone: str) -> dict[str, Any]:
    """Return how a backbone is built and which pictures it takes.

    Parameters
    ----------
    backbone
        A timm model name; ``"hf-hub:org/model"``, with ``@revision`` if need be; or
        ``"local-dir:FOLDER"`` with timm's ``config.json``. A folder that bears the name of a
        foundation model (``.../UNI2-h``, or a copy of the hub's cache) is built as that model.

    Returns
    -------
    dict
        The part of the metadata that `skinage.encoders.backbone.build_backbone` needs:
        ``architecture``, ``model_args`` (layer classes by name), ``features``, ``input_size``
        (channels, height, width), ``fixed_input_size``, ``mean`` and ``std``.

    Raises
    ------
    SettingError
        If timm has no model of this name.
    StageError
        If a repository is out of reach, or a config is not timm's.
    """
    kind, place = source(backbone)
    model_args: dict[str, Any]
    if kind == "name":
        _check_name(backbone, backbone)
        registered = get_pretrained_cfg(backbone)
        config = registered.to_dict() if registered else {}
        architecture, model_args = backbone, {}
    else:
        config, architecture, model_args = _read_config(kind, place)
        _check_name(architecture, backbone)
    config = PretrainedCfg().to_dict() | config
    repository = foundation_model(kind, place)
    model_args = {**model_args, **ASKED.get(repository, {})}
    size = model_args.get("img_size", config["input_size"][1:])
    sides = [size, size] if isinstance(size, int) else size
    return {
        "architecture": architecture, "model_args": model_args,
        "features": "class_and_mean" if repository in CLASS_AND_MEAN else "pooled",
        "input_size": [config["input_size"][0], *sides],
        "fixed_input_size": bool(config["fixed_input_size"]),
        "mean": list(config["mean"]), "std": list(config["std"]),
    }  # fmt: skip


def source(backbone: str) -> tuple[str, str]:
    """Return ``"name"``, ``"hf-hub"`` or ``"local-dir"`` for a backbone, and what follows it."""
    prefix, _, place = backbone.partition(":")
    kind = prefix.replace("hf_hub", "hf-hub")
    return (kind, place) if kind in ("hf-hub", "local-dir") else ("name", backbone)


def foundation_model(kind: str, place: str) -> str:
    """Return the repository of a known foundation model, also for a folder of its name, or ""."""
    repository = place.partition("@")[0].lower()
    folders = [part.lower() for part in Path(place).parts]
    for known in ASKED:
        lower = known.lower()
        cached = f"models--{lower.replace('/', '--')}"  # .../models--org--model/snapshots/commit
        if kind == "hf-hub" and repository == lower:
            return known
        if kind == "local-dir" and (
            folders[-1:] == [lower.rpartition("/")[2]] or folders[-3:-2] == [cached]
        ):
            return known
    return ""


def find_file(kind: str, place: str, name: str) -> Path | None:
    """Return a file of a folder or, downloaded, of a repository; None if there is no such file."""
    if kind == "local-dir":
        path = Path(place) / name
        return path if path.is_file() else None
    repository, _, revision = place.partition("@")
    try:
        return Path(hf_hub_download(repository, name, revision=revision or None))
    except (OSError, HFValidationError, EntryNotFoundError) as error:
        out_of_reach = isinstance(error, LocalEntryNotFoundError)  # not the same as absent
        if isinstance(error, EntryNotFoundError) and not out_of_reach:
            return None
        folder = repository.rpartition("/")[2]
        raise StageError(
            f"hf-hub:{place}: cannot be fetched ({type(error).__name__}). If it is gated, "
            f"accept its licence at https://huggingface.co/{repository} and log in once (`hf auth "
            "login`, formerly `huggingface-cli login`). Without a network, download it elsewhere "
            f"(`hf download {repository} --local-dir {folder}`), bring the folder here and use "
            f"backbone='local-dir:{folder}'."
        ) from error


def with_layers(model_args: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with layer classes instead of their names."""
    return {
        key: LAYERS.get(value, value) if key.endswith("_layer") else value
        for key, value in model_args.items()
    }


def _read_config(kind: str, place: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Return timm's description of the pictures, the architecture and its arguments."""
    where = f"{place}: {CONFIG_FILE}"
    path = find_file(kind, place, CONFIG_FILE)
    if path is None:
        raise StageError(
            f"{where}: not there; expected timm's layout: {CONFIG_FILE} and {WEIGHTS_FILE}."
        )
    try:
        config = json.loads(path.read_text())
        pictures = {**config.get("pretrained_cfg", config)}  # older files have one level only
        architecture, model_args = config["architecture"], {**config.get("model_args", {})}
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StageError(
            f"{where}: not a timm config (missing or unreadable: {error}); expected one with "
            "'architecture' and 'pretrained_cfg'. Models of the transformers library, such as "
            "Phikon, cannot be used."
        ) from error
    if model_args.get("dynamic_img_size") or model_args.get("strict_img_size") is False:
        pictures["fixed_input_size"] = False
    return pictures, architecture, model_args


def _check_name(architecture: str, backbone: str) -> None:
    try:
        if timm.is_model(architecture.partition(".")[0]):
            get_pretrained_cfg(architecture)  # refuses an unknown tag after the point
            return
    except RuntimeError:
        pass
    near = get_close_matches(architecture, timm.list_models(pretrained=False))
    hint = " For a repository, write hf-hub:org/model." if "/" in architecture else ""
    asked = "" if architecture == backbone else f" of {backbone}"
    raise SettingError(
        f"backbone: timm has no model {architecture!r}{asked}; names near it: "
        f"{', '.join(near) or 'none'}.{hint}"
    )
