"""The messages of the folder plugin, in each language."""

from __future__ import annotations

from contentsvc.channels import Phrases

__all__ = ["PHRASES"]

PHRASES = Phrases(
    {
        "zh": {
            "folder-not-writable": "无法写入文件夹 {folder}：{reason}",
            "folder-not-readable": "无法读取文件夹 {folder}：{reason}",
            "path-not-absolute": "请填写绝对路径，例如 /srv/handover",
            "signature-length": "签名需要 {least} 到 {most} 个字，例如 贝贝优选",
        },
        "en": {
            "folder-not-writable": "the folder {folder} cannot be written: {reason}",
            "folder-not-readable": "the folder {folder} cannot be read: {reason}",
            "path-not-absolute": "the folder is not an absolute path such as /srv/handover",
            "signature-length": "a signature has {least} to {most} characters, such as 贝贝优选",
        },
    }
)
