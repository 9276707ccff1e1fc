"""Which segmentors of mmseg ours take the place of, and why not of the others."""

from __future__ import annotations

from typing import Any, Mapping

from mmseg_liteseg.errors import SettingError

_OURS = 'mmseg_liteseg.Fast'


def check_replaced(host: str, cfg: Mapping[str, Any]) -> None:
    """Refuses the config of another segmentor than the one whose place ours takes, whose arguments would not fit.

    Args:
        host: Name of mmseg's segmentor, EncoderDecoder or CascadeEncoderDecoder.
        cfg: The model's settings.

    Raises:
        SettingError: They are of another segmentor; says which type goes with them.

    Example:
        >>> check_replaced('EncoderDecoder', dict(backbone=dict(), decode_head=dict(type='FCNHead')))
    """
    head = cfg.get('decode_head')
    heads = len(head) if isinstance(head, (list, tuple)) else None
    ours = f'Fast{host}'
    if 'image_encoder' in cfg or 'text_encoder' in cfg:
        raise SettingError(
            f"model.image_encoder and model.text_encoder are MultimodalEncoderDecoder's, whose heads decode text too: "
            f'{ours} has no way for them, leave model.type as it was'
        )
    if isinstance(head, Mapping) and str(head.get('type')).split('.')[-1] == 'VPDDepthHead':
        raise SettingError(
            f'model.decode_head predicts depth, as DepthEstimator takes it, and {ours} labels: '
            'leave model.type as it was'
        )
    if host == 'EncoderDecoder' and heads is not None:
        raise SettingError(
            f'model.decode_head is a list, as CascadeEncoderDecoder takes it, and {ours} has one head: '
            f"set type='{_OURS}CascadeEncoderDecoder'"
        )
    if host == 'CascadeEncoderDecoder' and (heads == 1 or isinstance(head, Mapping)):
        raise SettingError(
            f'model.decode_head is a single head, with which CascadeEncoderDecoder cannot predict: '
            f"set type='{_OURS}EncoderDecoder' and decode_head to that head, without a list and num_stages"
        )
    if host == 'CascadeEncoderDecoder' and heads and 'num_stages' not in cfg:
        raise SettingError(f'model.num_stages is missing: set it to the number of heads, {heads}')


def check_test_cfg(cfg: Mapping[str, Any] | None) -> None:
    """Refuses settings with which mmseg fails at the first picture, after a training as a rule.

    Raises:
        SettingError: Names the setting and what it should be.

    Example:
        >>> check_test_cfg(dict(mode='slide', crop_size=(512, 512), stride=(341, 341)))
    """
    mode = (cfg or {}).get('mode', 'whole')
    if mode not in ('whole', 'slide'):
        raise SettingError(f"test_cfg.mode must be 'whole' or 'slide', got {mode!r}")
    if mode == 'whole':
        return
    for name in ('crop_size', 'stride'):
        value = cfg.get(name)
        pair = value if isinstance(value, (list, tuple)) else ()
        if len(pair) != 2 or not all(isinstance(side, int) and side > 0 for side in pair):
            raise SettingError(f'test_cfg.{name} must be a height and a width in pixels for slide mode, got {value!r}')
    if any(step > side for step, side in zip(cfg['stride'], cfg['crop_size'])):
        raise SettingError(
            f'test_cfg.stride {tuple(cfg["stride"])} is larger than test_cfg.crop_size {tuple(cfg["crop_size"])}: '
            'pixels between the windows would get no label, set it to two thirds of it'
        )
