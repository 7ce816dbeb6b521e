"""Audits of a dataset: sampling, statistics, the review site, imports and exports of ratings."""
