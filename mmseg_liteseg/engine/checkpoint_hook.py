"""Checkpoints that a kill at any moment leaves whole."""

from __future__ import annotations

import logging
import math
import os
import time
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from mmseg_liteseg.checkpoint.backend import WHOLE_FILES
from mmseg_liteseg.checkpoint.files import check_output, write_file
from mmseg_liteseg.checkpoint.plain import as_plain, plain_message_hub
from mmseg_liteseg.registry import HOOKS

from .finite import DivergedError, broken_names
from .folder_lock import FolderLock
from .resumable import broken_in_optimizers
from .resume import LAST, STATE, clear_halves, find_checkpoint

_OUTDATED = 'outdated_checkpoints'


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's CheckpointHook, safe against kills, full disks and weights that are not finite.

    ::

        new file beside -> on disk -> renamed -> last_checkpoint names it -> the old one is removed

    Between its checkpoints the state is kept in ``resume.pth``, replaced every so often and around each validation,
    so that little is lost where checkpoints are rare; the next checkpoint takes its place. With ``resume``, the newest
    whole checkpoint is found, wherever the work folder has been moved to. Files hold plain values only, beside tensors.

    Args:
        save_seconds: Time between two states on disk.
        **kwargs: Those of mmengine's hook.
    """

    def __init__(self, *args: Any, save_seconds: float = 120.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.save_seconds = save_seconds
        self.newest: str | None = None  # path of the state that resuming would begin at
        self._saved_at: tuple[int, int] | None = None
        self._lock: FolderLock | None = None

    def before_run(self, runner: Runner) -> None:
        """Chooses what to resume from: mmengine would take what ``last_checkpoint`` says, be it whole or not.

        Raises:
            FolderInUseError: Another process is training in the work folder.
        """
        if self._is_training(runner) and is_main_process():
            self._lock = FolderLock(runner.work_dir)
            check_output(os.path.join(runner.work_dir, LAST))
        # a file named beside --resume is the user's choice: that state is resumed
        if not runner._resume or runner._load_from is not None:
            return
        found: list[Any] = [None]
        if is_main_process():
            folder = self._folder(runner)
            found[0] = find_checkpoint(runner.work_dir, folder, self.filename_tmpl)
        # one process looks and tells the others: two looks may find different files
        broadcast_object_list(found)
        for line in found[0].lines():
            runner.logger.log(logging.WARNING if found[0].skipped else logging.INFO, line)
        runner._load_from, runner._resume = found[0].path, found[0].path is not None

    def after_run(self, runner: Runner) -> None:
        """Lets others train in the folder."""
        self.release()

    def release(self) -> None:
        """Lets others train in the folder, also after an error."""
        if self._lock is not None:
            self._lock.release()

    def _folder(self, runner: Runner) -> str:
        if self.out_dir is None or self.out_dir == runner.work_dir:
            return runner.work_dir
        return os.path.join(str(self.out_dir), os.path.basename(runner.work_dir.rstrip(os.sep)))

    def before_train(self, runner: Runner) -> None:
        """Takes over what the checkpoint says of the others, and removes what an earlier kill left behind."""
        super().before_train(runner)
        self.keep_ckpt_ids = list(getattr(self, 'keep_ckpt_ids', []))
        self._is_local = self.file_client_args is None and type(self.file_backend) is LocalBackend
        # the paths in the checkpoint are those of the day when it was written
        self._moved_with_the_folder()
        self._broken_before = self._broken(runner)
        self._saved_time, self.newest = time.monotonic(), runner._load_from if runner._resume else None
        # a state of this very folder is on disk already: saving it again would cost time alone
        if self.newest and os.path.abspath(os.path.dirname(self.newest)) == os.path.abspath(self.out_dir):
            self._saved_at = (runner.epoch, runner.iter)
        if is_main_process() and runner._resume and self._is_local:
            os.makedirs(self.out_dir, exist_ok=True)
            self._remove(runner.message_hub.get_info(_OUTDATED) or ())
            removed = clear_halves(self.out_dir, self.filename_tmpl)
            if removed:
                runner.logger.warning(f'Removed what an earlier kill had left half-written: {", ".join(removed)}')
        runner.message_hub.update_info(_OUTDATED, [])

    def _moved_with_the_folder(self) -> None:
        """Looks for the best checkpoints where the folder is now."""
        if getattr(self, 'best_ckpt_path', None):
            self.best_ckpt_path = self.file_backend.join_path(self.out_dir, os.path.basename(self.best_ckpt_path))
        for key, path in getattr(self, 'best_ckpt_path_dict', {}).items():
            if path:
                self.best_ckpt_path_dict[key] = self.file_backend.join_path(self.out_dir, os.path.basename(path))

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Saves at the interval, or the state if the last one is old."""
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        if time.monotonic() - self._saved_time > self.save_seconds:
            self.save_state(runner, runner.iter + 1)

    def before_val(self, runner: Runner) -> None:
        """Saves the state: a validation may be long."""
        if self._is_training(runner):
            self.save_state(runner, runner.iter)

    def after_val(self, runner: Runner) -> None:
        """Saves the state again: what came of the validation belongs to it. Then the old best may go."""
        if self._is_training(runner):
            self.save_state(runner, runner.iter, again=True)
            if is_main_process():
                self._remove(runner.message_hub.get_info(_OUTDATED))
            runner.message_hub.update_info(_OUTDATED, [])

    @property
    def saved_iter(self) -> int:
        """Iterations that the newest state on disk has done."""
        return self._saved_at[1] if self._saved_at else 0

    @staticmethod
    # validations of a test run come here as well, and have no state to keep
    def _is_training(runner: Runner) -> bool:
        return isinstance(runner._train_loop, BaseLoop)  # runner.train_loop would build it

    def save_state(self, runner: Runner, iteration: int, again: bool = False) -> None:
        """Keeps the state after so many iterations on disk, unless it is there; ``again`` if it has changed since."""
        known = self._saved_at == (runner.epoch, iteration)
        if known and not again:
            return
        # what changed since belongs to that iteration: it replaces the file, not adds one
        name = os.path.basename(self.newest) if known and self.newest else STATE
        meta = dict(epoch=runner.epoch, iter=iteration)
        # a state must hold everything, whatever the checkpoints are told to hold
        everything = dict(save_optimizer=True, save_param_scheduler=runner.param_schedulers is not None)
        options = everything if name == STATE else {}
        self._write(runner, name, meta, **options)
        self._point_to(runner, name, meta)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        """Writes a checkpoint; only then the oldest one goes. The file lists that one too, for a kill in between."""
        if step not in self.keep_ckpt_ids:
            # mmengine removes first and writes then: a kill in between leaves one checkpoint less
            self.keep_ckpt_ids.append(step)
        outdated = self.keep_ckpt_ids[: -self.max_keep_ckpts] if self.max_keep_ckpts > 0 else []
        if self.max_keep_ckpts > 0:
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        self._write(runner, name, meta)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        self._point_to(runner, name, meta)
        if is_main_process():
            self._remove([*(self.filename_tmpl.format(old) for old in outdated), STATE])
        self.keep_ckpt_ids = [kept for kept in self.keep_ckpt_ids if kept not in outdated]

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, Any]) -> None:
        """Saves the weights where a metric is better than ever; one that is not finite never is."""
        if not self.save_best or not self._is_training(runner):
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        count = runner.epoch if self.by_epoch else runner.iter
        for key, rule in zip(self.key_indicators, self.rules):
            suffix = '' if len(self.key_indicators) == 1 else f'_{key}'
            info, score = runner.message_hub.runtime_info, metrics[key]
            best = info.get(f'best_score{suffix}', self.init_value_map[rule])
            if score is None or not math.isfinite(score) or not self.is_better_than[key](score, best):
                continue
            name = f'best_{key}_{self.filename_tmpl.format(count)}'.replace('/', '_')
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._write(runner, name, meta, save_optimizer=False, save_param_scheduler=False)
            # after the file, so that no state names a best that is not on disk
            self._note_best(runner, key, suffix, as_plain(score), name)

    def _note_best(self, runner: Runner, key: str, suffix: str, score: float, name: str) -> None:
        """Remembers the new best; the old one goes once a state on disk names the new one."""
        path = self.file_backend.join_path(self.out_dir, name)
        previous = self.best_ckpt_path_dict.get(key) if suffix else self.best_ckpt_path
        if suffix:
            self.best_ckpt_path_dict[key] = path
        else:
            self.best_ckpt_path = path
        hub = runner.message_hub
        hub.update_info(f'best_score{suffix}', score)
        hub.update_info(f'best_ckpt{suffix}', path)
        if previous and os.path.basename(previous) != name:
            hub.update_info(_OUTDATED, [*(hub.get_info(_OUTDATED) or []), os.path.basename(previous)])
        runner.logger.info(f'The best checkpoint with {score:0.4f} {key} is saved to {name}.')

    def _write(self, runner: Runner, name: str, meta: dict[str, Any], **options: bool) -> None:
        """Writes one file.

        Raises:
            DivergedError: The state is not worth keeping: what is not finite stays so, and spreads.
        """
        # the other processes write nothing and need not know
        # what was broken from the start (a model's own inf masks) is none of the training's
        broken = sorted(self._broken(runner) - self._broken_before) if is_main_process() else []
        if broken:
            last = f'The last good checkpoint is {self.newest}' if self.newest else 'There is no checkpoint yet'
            raise DivergedError(
                f'{name} is not saved: {len(broken)} tensors are not finite, such as {broken[0]}. {last}. Lower the '
                'learning rate, or look at what changes these tensors'
            )
        choice = dict(save_optimizer=self.save_optimizer, save_param_scheduler=self.save_param_scheduler)
        backend = dict(backend=WHOLE_FILES) if self._is_local and not self.backend_args else self.backend_args
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            meta=dict(meta),
            by_epoch=self.by_epoch,
            backend_args=backend,
            **{**choice, **self.args, **options},
        )

    @staticmethod
    def _broken(runner: Runner) -> set[str]:
        return broken_names(runner.model) | broken_in_optimizers(runner.optim_wrapper)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Reduces all but tensors to plain values."""
        checkpoint['message_hub'] = plain_message_hub(checkpoint['message_hub'])
        checkpoint['meta'] = as_plain(checkpoint['meta'])

    def _point_to(self, runner: Runner, name: str, meta: dict[str, Any]) -> None:
        """Names the newest state in ``last_checkpoint``: relative to it, so that the folder may be moved."""
        self._saved_at, self._saved_time = (meta['epoch'], meta['iter']), time.monotonic()
        self.newest = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.newest)
        if is_main_process():
            is_here = os.path.abspath(self.out_dir) == os.path.abspath(runner.work_dir)
            write_file(os.path.join(runner.work_dir, LAST), (name if is_here else self.newest).encode())

    def _remove(self, names: Any) -> None:
        for name in names:
            path = self.file_backend.join_path(self.out_dir, name)
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)


def find_hook(runner: Runner) -> SafeCheckpointHook | None:
    """The hook that keeps the states of a training, if there is one."""
    return next((hook for hook in runner.hooks if isinstance(hook, SafeCheckpointHook)), None)
