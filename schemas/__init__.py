"""The contracts: records, ids, closed lists, and their Arrow schemas."""
