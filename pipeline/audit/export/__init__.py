"""An audit's items in forms that other tools read; nothing in them is kept from raters."""
