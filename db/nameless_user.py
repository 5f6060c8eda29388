"""initdb for a user id without a name, as containers have: it looks the name up and refuses without one."""

import os
import subprocess
from collections.abc import Sequence


class NamelessUserError(OSError):
    """The user id has no name, and the system lends it none."""


def has_name(user_id: int) -> bool:
    """Whether the system knows a name for this user id."""
    import pwd  # not on Windows

    try:
        pwd.getpwuid(user_id)
    except KeyError:
        return False
    return True


def run_under_a_name(command: Sequence[str]) -> None:
    """Run a command in a user namespace where our user id shows as one that has a name; files get the true id.

    Raises NamelessUserError, also where the system allows no such namespace.
    """
    import pwd  # not on Windows

    # root would be refused by initdb
    named = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 0)
    try:
        subprocess.run(  # noqa: S603  # our own command
            ["unshare", "--user", f"--map-user={named}", *command],  # noqa: S607  # wherever util-linux is
            check=True,
            capture_output=True,
        )
    except (subprocess.SubprocessError, FileNotFoundError) as error:
        raise NamelessUserError(
            f"the user id {os.geteuid()} has no name, which PostgreSQL needs to make a database, and none could be"
            " lent to it: give it a line in /etc/passwd or start as a user who has one"
        ) from error
