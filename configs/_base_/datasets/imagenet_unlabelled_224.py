# Images without labels, from as many folders as there are; ImageNet's validation set says how good the student is.
_base_ = './imagenet_224.py'
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=224),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
images = dict(type='CustomDataset', with_label=False, pipeline=train_pipeline)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[
            dict(data_prefix='data/imagenet/train', **images),
            # SSLD adds the nearest 4 of ImageNet-22k's 14 million images; a folder of one's own domain does as well.
            dict(data_prefix='data/unlabelled', **images),
        ],
    ),
)
