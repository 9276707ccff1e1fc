"""The words that people name folders and files of data sets with."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """A set of words.

    Example:
        >>> sorted(words('mask label'))
        ['label', 'mask']
    """
    return frozenset(text.split())


MASK_WORDS = words(
    'mask masks msk label labels lbl lbls lab annotation annotations ann anns annot annots anno annos gt gts gtfine '
    'gtcoarse groundtruth truth seg segs segmentation segmentations segmap segmaps semantic semantics sem '
    'segmentationclass segmentationclassaug segmentationclassraw segmentationclasspng trimap trimaps manual target '
    'targets labelids labeltrainids trainids indexlabel matte mattes 1stho 2ndho'
)
IMAGE_WORDS = words(
    'image images img imgs leftimg8bit rightimg8bit jpegimages pngimages photo photos picture pictures pic pics rgb '
    'raw input inputs frame frames sat satellite original originals orig scan scans stillsraw'
)
# Pictures for people, single objects and other quantities: no masks to learn classes from.
OTHER_WORDS = words(
    'segmentationobject instance instances instanceids panoptic depth disparity normals preview previews visualization '
    'visualizations segmentationclassvisualization vis overlay overlays prediction predictions pred preds superpixel '
    'superpixels thumbnail thumbnails fov edges'
)
COLOUR_WORDS = words('color colour colors colored coloured rgb vis pretty')
SPLIT_WORDS = {
    **dict.fromkeys(('train', 'training', 'tr', 'trn'), 'train'),
    **dict.fromkeys(('val', 'valid', 'validation', 'dev', 'eval'), 'val'),
    **dict.fromkeys(('test', 'testing', 'ts'), 'test'),
}
FILLERS = words('crop crops cropped data dataset set sets split')
"""Beside a split's name they say nothing: traincrop, test_set."""
IMAGE_SUFFIXES = words('.png .jpg .jpeg .jpe .jfif .bmp .dib .tif .tiff .gif .webp .ppm .pgm .pbm .pnm .jp2')
TEXT_SUFFIXES = words('.txt .csv .json .yaml .yml .lst .xml')
ARCHIVE_SUFFIXES = words('.zip .tar .gz .tgz .bz2 .xz .7z .rar')
JUNK_NAMES = words('__macosx thumbs.db desktop.ini $recycle.bin @eadir lost+found')
VOID_NAMES = words(
    'void unlabeled unlabelled unlabel ignore ignored unknown undefined unclassified no-data nodata dontcare '
    'not-classified out-of-roi padding'
)
"""Names of what is no class, in lower case and with - for blanks and underscores; their pixels become 255."""
BACKGROUND_NAMES = words('background bg _background_ back none other others')
