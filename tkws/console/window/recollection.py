"""All that a window remembers of its addresses, put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tkws.console.conversation.conversation import Conversation
from tkws.console.memory.drafts import Drafts
from tkws.console.memory.filtermenu import EarlierFilters
from tkws.console.memory.memory import Memory
from tkws.console.memory.remembering import Remembering
from tkws.console.memory.savedmenu import SavedMessages
from tkws.console.memory.settings import Settings
from tkws.console.memory.watchlist import WatchList
from tkws.console.send.sendbox import SendBox
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.credentials import Credentials
from tkws.console.window.forgetting import Forgetting


class Recollection:
    """The parts, which know the widgets that they belong to.

    Args:
        settings: The addresses with their options.
        path: The file of the settings, beside which the messages are stored; None to store nothing.
        address: The address field.
        sendbox: The message box.
        conversation: The conversation, with the filter and the watches.
        credentials: The certificates, passwords and cookies of the run.
        on_done: Called with a sentence when something was done, or could not be stored.
        on_error: Called with a sentence when something failed.

    Attributes:
        remembering: The memory of the address in use.
        drafts: The keeper of the message box.
        saved: The saved messages.
        filters: The filters used before.
        watches: The keeper of the watches.
        forgetting: The menu that forgets.
    """

    def __init__(
        self,
        settings: Settings,
        path: Path | None,
        *,
        address: AddressBar,
        sendbox: SendBox,
        conversation: Conversation,
        credentials: Credentials,
        on_done: Callable[[str], object],
        on_error: Callable[[str], object],
    ) -> None:
        memory = Memory(None if path is None else path.with_name("memory.sqlite3"))
        self.remembering: Final = Remembering(memory, lambda: settings.secrets, on_done)
        self.drafts: Final = Drafts(sendbox, self.remembering)
        self.saved: Final = SavedMessages(sendbox, self.remembering, on_done)
        self.filters: Final = EarlierFilters(conversation.filter, self.remembering)
        self.watches: Final = WatchList(conversation.watch, self.remembering)
        self.forgetting: Final = Forgetting(
            settings,
            path,
            self.remembering,
            address=address,
            credentials=credentials,
            drafts=self.drafts,
            on_done=on_done,
            on_error=on_error,
        )
        self._on_done = on_done

    def go_to(self, url: str) -> None:
        """Show what belongs to an address that is connected to."""
        before = self.remembering.address
        if self.drafts.go_to(url):
            self._on_done("The unsent message stays with its address")
        if self.remembering.address != before:
            self.watches.show(along=not before)
