"""What all tests share: the same examples on every machine, and no clock."""

from hypothesis import settings

# a first call compiles kernels, so a deadline would only measure the machine; a stranger's run must be ours
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
