"""How much training each model of a comparison gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import StudyError

ABLATIONS = ('T-without-FLD', 'T-without-SPPM', 'T-add', 'T-only-FLD', 'T-baseline', 'T-mmseg-OHEM', 'T-padded-pool')
# Recipes of T: PaddleSeg's but for the optimiser; what came of the probes, on crops; and its end on whole images.
DRAWN = 'ppliteseg_stdc1_1xb4-1200_synthetic-144x192'
RELEASED = 'ppliteseg_stdc1_1xb16-10k_camvid-360x480'
WEIGHTED = 'ppliteseg_stdc1-weighted_1xb8-10k_camvid-288x384'
BOUNDARY = 'ppliteseg_stdc1-boundary_1xb8-1k_camvid-360x480'
ENLARGED = 'ppliteseg_stdc1-boundary_1xb8-1k_camvid-360x480_test-720x960'
PASTED = 'ppliteseg_stdc1-boundary-paste_1xb8-1k_camvid-360x480_test-720x960'
ALIGNED = 'ppliteseg_stdc1-boundary-paste_1xb8-2k_camvid-352x480_test-576x768'
RIVALS = ('STDC1-Seg', 'BiSeNetV2', 'PIDNet-S', 'DDRNet23-slim', 'Fast-SCNN')


@dataclass(frozen=True)
class Budget:
    """The same for every model that is compared under it.

    Attributes:
        name: Of the budget.
        iters: Iterations; the learning rate ends at 0 with the last one.
        batch: Images per iteration.
        crop: Height and width of the training crops. Evaluation always sees whole images.
        validations: How many, evenly spread; the last one comes after the last iteration. The best is one of these.
        workers: Processes that load training data, unless the user says otherwise.
        config: Our config with the recipe.
        averaging: Momentum of the running average of the weights; the recipe's, if it has one, by default.
        test_size: Height and width that evaluation brings the images to; predictions are compared at the images' own.
        plan: Models and their numbers of seeds, in the order of training.
        about: What it is for.
    """

    name: str
    iters: int
    batch: int
    crop: tuple[int, int]
    validations: int = 10
    workers: int = 1
    config: str = RELEASED
    averaging: float | None = None
    test_size: tuple[int, int] = (360, 480)
    plan: dict[str, int] = field(default_factory=dict)
    about: str = ''

    @property
    def val_interval(self) -> int:
        """Iterations between validations."""
        return max(self.iters // self.validations, 1)

    @property
    def warmup(self) -> int:
        """The recipe's 200 iterations; a fifth of very short trainings."""
        # of very short trainings 200 would be all
        return min(200, self.iters // 5)

    @property
    def on_camvid(self) -> bool:
        """Whether its data are CamVid's."""
        return self.config != DRAWN

    @property
    def images(self) -> int:
        """Crops that a model sees."""
        return self.iters * self.batch

    def runs(self) -> list[tuple[str, int]]:
        """Model and seed of every planned training: all models once before the second seeds."""
        seeds = range(max(self.plan.values(), default=0))
        return [(name, seed) for seed in seeds for name, count in self.plan.items() if seed < count]


_FULL = {'T': 3, 'STDC1-Seg': 3, **dict.fromkeys(('B', *RIVALS[1:], *ABLATIONS), 1)}
_ENDS = ('T', 'T-unpasted', 'T-rounded-labels', 'T-weighted', 'T-unaligned')
_FROM_DRAWN = ('T', 'STDC1-Seg', 'B', 'PIDNet-S', 'DDRNet23-slim')
_OTHERS = {f'{name}-drawn': 1 for name in _FROM_DRAWN[2:]}
BUDGETS = {
    budget.name: budget
    for budget in (
        Budget('gpu', 10000, 16, (360, 480), workers=8, plan=_FULL, about='full, on a GPU'),
        Budget(
            'aligned', 2000, 8, (352, 480), validations=10, plan={'T': 1}, config=ALIGNED, test_size=(576, 768),
            about='after pasted, at sizes that are multiples of 32, classes alike; --start names where it starts',
        ),
        Budget(
            'pasted', 1600, 8, (360, 480), validations=8, plan={'T': 1}, config=PASTED, test_size=(720, 960),
            about='after enlarged, with poles and signs of other images pasted; --start names where it starts',
        ),
        Budget(
            'enlarged', 1600, 8, (360, 480), validations=8, plan={'T': 1}, config=ENLARGED,
            test_size=(720, 960),
            about='after whole, on enlarged images, tested at twice the size; --start names where it starts',
        ),
        Budget(
            'whole', 1600, 8, (360, 480), validations=8, plan={'T': 1}, config=BOUNDARY,
            about='the end of a training under crops, on whole images; --start names where it starts',
        ),
        Budget(
            'crops', 10000, 8, (288, 384), plan={'T': 2, 'STDC1-Seg': 2, 'B': 1}, config=WEIGHTED,
            about='class weights and averaged weights, without a GPU',
        ),
        Budget(
            'drawn', 1200, 4, (96, 144), validations=3, plan=dict.fromkeys(_FROM_DRAWN, 1),
            config=DRAWN, test_size=(144, 192),
            about='the drawn street scenes, not CamVid: what starts of the others come from',
        ),
        Budget(
            'starts', 500, 8, (256, 320), validations=2, config=WEIGHTED, averaging=0.01,
            plan={'T': 2, 'T-drawn': 2, 'STDC1-Seg': 2, 'STDC1-Seg-drawn': 2, 'B': 1, 'T-distilled': 2, **_OTHERS},
            about='what a start from drawn scenes and a teacher give: equal short runs by the recipe of crops',
        ),
        Budget(
            'parts', 300, 8, (352, 480), validations=1, config=ALIGNED, test_size=(576, 768), averaging=0.01,
            plan=dict.fromkeys(_ENDS, 2),
            about='what each part of the recipe of aligned gives; --start names weights trained under enlarged',
        ),
        Budget('cpu', 4000, 8, (288, 384), plan={'T': 1}, about='a long run of T without a GPU'),
        Budget(
            'short', 600, 8, (288, 384), validations=3,
            plan=dict.fromkeys(('T', 'STDC1-Seg', 'T-mmseg-OHEM', 'T-padded-pool'), 1),
            about='equal short runs without a GPU',
        ),
        Budget(
            'smoke', 6, 2, (96, 128), validations=2,
            plan=dict.fromkeys(('T', 'B', *RIVALS, *ABLATIONS), 1),
            about='shows that all of it works',
        ),
    )
}  # fmt: skip


def get_budget(name: str) -> Budget:
    """A budget by name.

    Raises:
        StudyError: There is none of that name.
    """
    if name not in BUDGETS:
        raise StudyError(f'budget {name}: expected one of {", ".join(BUDGETS)}')
    return BUDGETS[name]
