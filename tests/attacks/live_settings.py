"""As tests.live.settings, with every log at DEBUG."""

from config.settings import VAR_DIR
from tests.attacks.noisy import everything_at_debug
from tests.live.settings import *  # noqa: F403

LOGGING = everything_at_debug(VAR_DIR / "logs")
