"""What raters said, in numbers: from a plan and its ratings to a report, its file and its pages."""
