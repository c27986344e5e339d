"""How the shipped models were made (extra ``train``). Nothing of the running daemon imports this."""
