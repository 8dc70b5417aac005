"""How long tasks stay in each state."""

STEP_SECONDS = 0.05


class Steps:
    """The time from each state to the next, which an account may set."""

    def __init__(self):
        self._accounts = {}

    def set(self, account: str, seconds: dict[str, float]):
        """Replaces what an account had set."""
        self._accounts[account] = seconds

    def after(self, account: str, status: str) -> float:
        """How many seconds an account's tasks stay in a state."""
        return self._accounts.get(account, {}).get(status, STEP_SECONDS)
