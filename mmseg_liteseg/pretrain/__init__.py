"""Pretraining of the encoder as a classifier, with mmpretrain: from labels, or from a teacher (SSLD).

Nothing of segmentation imports this package: mmpretrain needs torchvision, which segmentation does not. Its configs do,
by ``custom_imports``.
"""

from .requirements import require_mmpretrain

require_mmpretrain()

from .classification_top import STDCHead  # noqa: E402  (mmpretrain may come in only when it is known to work)
from .divergence import JSDivergence, js_divergence  # noqa: E402
from .ssld import SSLDClassifier  # noqa: E402

__all__ = ['JSDivergence', 'SSLDClassifier', 'STDCHead', 'js_divergence']
