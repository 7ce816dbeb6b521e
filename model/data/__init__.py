"""From a dataset's manifest to batches. Read it in this order, which is the order of the data.

```
dataset.py    the manifest, views, documents, tables (files.py reads, rows.py finds rows again)
policy.py     which texts of a clip a sample uses, and which of them carry loss
render.py     chunks to token ids, labels and kinds; faithful.py the reference's label tables
packing.py    documents cut into windows that fit (windows.py, cutting.py), computed once; order.py
              lays windows end to end, as a function of seed and epoch
loader.py     packed sequences to `PackedBatch`; pairs.py pairs to `PairBatch`; unreadable.py counts
              what had to be left out
```
"""
