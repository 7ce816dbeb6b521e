"""Which models read on-screen text; apart from what loads them, as a digest needs no OpenCV."""

FILES = {
    "PP-OCRv6_det_small.onnx": "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    "PP-OCRv6_rec_small.onnx": "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
"""Detector and recogniser inside `rapidocr==3.10.0`, with their sha256."""
MODEL = "PP-OCRv6-small"
REVISION = "-".join(sha256[:12] for sha256 in FILES.values())
