"""Parts of the AWS stand-in; aws.py puts them together."""
