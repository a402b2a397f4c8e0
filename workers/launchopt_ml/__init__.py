"""Models that learn from a shop: numpy, scipy, torch, transformers. No Django, no Celery."""
