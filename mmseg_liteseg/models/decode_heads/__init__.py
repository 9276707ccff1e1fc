from .fld_head import FLDHead

__all__ = ['FLDHead']
