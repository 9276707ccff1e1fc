# CamVid as in the SegNet tutorial, 360x480: python tools/dataset_converters/camvid.py PATH_TO_CAMVID
_base_ = './camvid_720x960.py'
data_root = 'data/camvid-360x480/'
crop_size = (360, 480)
pipeline_for = dict(crop_size=crop_size, data_root=data_root)  # set crop_size anew, alone: see docs/configs.md
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=0.5,
        max_scale_factor=2.5,
        scale_step_size=0.25,
    ),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(batch_size=16, dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(data_root=data_root))
# Copies without the test split are common, so testing uses val. Where it is there:
#   --cfg-options test_dataloader.dataset.data_prefix.img_path=img_dir/test \
#                 test_dataloader.dataset.data_prefix.seg_map_path=ann_dir/test
test_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'))
)
