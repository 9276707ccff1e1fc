from .multi_label import MultiLabelMetric
from .no_metric import NoMetric

__all__ = ['MultiLabelMetric', 'NoMetric']
