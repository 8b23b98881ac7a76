"""`python -m gan_train`; only calls cli.py."""

from .cli import script

if __name__ == "__main__":
    script()
