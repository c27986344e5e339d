"""The contract: what goes over the wire, as an AsyncAPI document and JSON Schemas made from the message types."""

from edged.contract.documents import documents, write

__all__ = ["documents", "write"]
